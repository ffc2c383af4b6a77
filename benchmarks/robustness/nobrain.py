"""Images that are no brain MRI slice: photos, textures, pages, plots, noise, other body parts.

Photos and textures come with scikit-image, scikit-learn and Matplotlib, nothing is downloaded; the
rest is drawn. Each is seeded. The development half was there to be looked at while the guard was
made; the final half is of other source images and other seeds, and some of its kinds are not in
the development half at all.

Most of them are made hard on purpose: gray, dark around, and shaped like a head.
"""

import io
from collections.abc import Callable, Iterator
from importlib import resources
from typing import NamedTuple

import cv2
import matplotlib.cbook
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from sklearn.datasets import load_digits

Pixels = NDArray[np.uint8]

DEVELOPMENT, FINAL = HALVES = ("development", "final")
SIDE_PX = 256
IN_A_SKULL = "photo, gray, in a drawn skull"
"""Made to fool the guard: but for the photo in place of the brain, these are drawings of heads."""
CROPS, DRAWN = 7, 30

_SOURCES = {
    DEVELOPMENT: {
        "skimage.data": "astronaut.png coffee.png ihc.png camera.png brick.png coins.png page.png "
        "cell.png rocket.jpg grass.png",
        "sklearn.datasets.images": "china.jpg",
        "matplotlib": "jacksboro_fault_dem.npz",
    },
    FINAL: {
        "skimage.data": "chelsea.png motorcycle_left.png retina.jpg hubble_deep_field.jpg moon.png "
        "gravel.png text.png clock_motion.png microaneurysms.png horse.png",
        "sklearn.datasets.images": "flower.jpg",
        "matplotlib": "grace_hopper.jpg topobathy.npz",
    },
}


class NonBrain(NamedTuple):
    """One image: its half, what it is, and its pixels, (H, W, 3), uint8, RGB."""

    half: str
    kind: str
    pixels: Pixels


def make_non_brains(half: str) -> Iterator[NonBrain]:
    """Make all images of one half, always the same ones."""
    seed = HALVES.index(half)
    for index, source in enumerate(read_sources(half)):
        for kind, render in RENDERINGS.items():
            stream = np.random.default_rng([seed, index])  # the same crops in every rendering
            for _ in range(CROPS):
                yield NonBrain(half, kind, render(crop(source, stream), stream))
    for index, (kind, draw) in enumerate(DRAWINGS.items()):
        if half == DEVELOPMENT and kind in ONLY_FINAL:
            continue
        stream = np.random.default_rng([seed, 1000 + index])
        for _ in range(DRAWN):
            yield NonBrain(half, kind, draw(stream))


def read_sources(half: str) -> Iterator[Pixels]:
    """Read the photos and textures of one half."""
    for package, names in _SOURCES[half].items():
        for name in names.split():
            if package == "matplotlib":
                yield _read_sample(name)
            else:
                path = resources.files(package) / name
                yield np.asarray(Image.open(io.BytesIO(path.read_bytes())).convert("RGB"))


def _read_sample(name: str) -> Pixels:
    data = matplotlib.cbook.get_sample_data(name)
    if not name.endswith(".npz"):
        return np.asarray(Image.open(data).convert("RGB"))
    values = data["elevation" if "elevation" in data else "topo"].astype(float)  # heights of land
    return _to_rgb(_stretch(values))


def crop(image: Pixels, stream: np.random.Generator) -> Pixels:
    """Cut a random part of nearly square shape, between a third and all of the shorter side."""
    height, width = image.shape[:2]
    side = int(min(height, width) * stream.uniform(0.35, 1))
    part_h, part_w = int(side * stream.uniform(0.85, 1)), int(side * stream.uniform(0.8, 1))
    top, left = stream.integers(height - part_h + 1), stream.integers(width - part_w + 1)
    scale = SIDE_PX / max(part_h, part_w)
    size = (round(part_w * scale), round(part_h * scale))
    part = image[top : top + part_h, left : left + part_w]
    return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)


def _to_rgb(gray: NDArray[np.generic]) -> Pixels:
    return np.repeat(np.clip(gray, 0, 255).astype(np.uint8)[..., np.newaxis], 3, axis=-1)


def _to_gray(image: Pixels) -> Pixels:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)


def _stretch(values: NDArray[np.floating]) -> NDArray[np.floating]:
    low, high = np.percentile(values, (1, 99))
    return np.clip((values - low) / max(high - low, 1e-9), 0, 1) * 255


def _measure_radius(hw: tuple[int, int], stream: np.random.Generator) -> NDArray[np.floating]:
    """Measure how far each pixel is from the middle of an ellipse of a head's shape; 1: its rim."""
    rows, columns = np.mgrid[-1 : 1 : hw[0] * 1j, -1 : 1 : hw[1] * 1j]
    tall, wide = stream.uniform(0.8, 0.97), stream.uniform(0.65, 0.85)
    angle = np.arctan2(rows, columns)
    lumps = 1 + 0.03 * np.cos(stream.integers(2, 5) * angle + stream.uniform(0, 6))
    return np.asarray(np.hypot(rows / tall, columns / wide) * lumps)


# --- what becomes of a crop of a photo or texture ---------------------------------------------


def keep_color(image: Pixels, _: np.random.Generator) -> Pixels:
    """Leave the crop as it is."""
    return image


def tint(image: Pixels, stream: np.random.Generator) -> Pixels:
    """Give the gray crop one faint color, as old photos and scans of film have."""
    return (_to_gray(image)[..., np.newaxis] * stream.uniform(0.7, 1, 3)).astype(np.uint8)


def make_gray(image: Pixels, _: np.random.Generator) -> Pixels:
    """Take its colors."""
    return _to_rgb(_to_gray(image))


def put_on_black(image: Pixels, _: np.random.Generator) -> Pixels:
    """Put the gray crop on a larger black square."""
    gray = _to_gray(image)
    return _to_rgb(cv2.copyMakeBorder(gray, 40, 40, 40, 40, cv2.BORDER_CONSTANT, value=0))


def vignette(image: Pixels, stream: np.random.Generator) -> Pixels:
    """Let the gray crop fade to black towards its border."""
    gray = _to_gray(image)
    fade = 1 / (1 + np.exp((_measure_radius(gray.shape, stream) - 0.8) / 0.06))
    return _to_rgb(gray * fade)


def cut_to_head(image: Pixels, stream: np.random.Generator) -> Pixels:
    """Cut the gray crop to the outline of a head on black."""
    gray = _stretch(_to_gray(image).astype(float))
    return _to_rgb(gray * (_measure_radius(gray.shape, stream) < 1))


def invert_head(image: Pixels, stream: np.random.Generator) -> Pixels:
    """Cut the negative of the gray crop to the outline of a head on black."""
    gray = 255 - _stretch(_to_gray(image).astype(float))
    return _to_rgb(gray * (_measure_radius(gray.shape, stream) < 1))


def put_in_skull(image: Pixels, stream: np.random.Generator) -> Pixels:
    """Put a soft, dim gray crop into a dark skull and a bright scalp."""
    gray = cv2.GaussianBlur(_stretch(_to_gray(image).astype(float)), (5, 5), 0)
    radius = _measure_radius(gray.shape, stream)
    head = np.where(radius < 0.86, 40 + 0.5 * gray, 15)
    head = np.where(radius > 0.93, stream.uniform(150, 230), head) * (radius < 1)
    return _to_rgb(cv2.GaussianBlur(head, (3, 3), 0) + stream.normal(0, 4, head.shape))


RENDERINGS: dict[str, Callable[[Pixels, np.random.Generator], Pixels]] = {
    "photo or texture": keep_color,
    "photo, one color": tint,
    "photo, gray": make_gray,
    "photo, gray, on black": put_on_black,
    "photo, gray, fading to black": vignette,
    "photo, gray, head-shaped": cut_to_head,
    "photo, negative, head-shaped": invert_head,
    IN_A_SKULL: put_in_skull,
}


# --- what is drawn ------------------------------------------------------------------------------


def draw_page(stream: np.random.Generator) -> Pixels:
    """Draw a page of text, sometimes white on black."""
    paper, ink = (255, 0) if stream.random() < 0.7 else (0, 255)
    page = Image.new("L", (300, 360), paper)
    pen = ImageDraw.Draw(page)
    font = ImageFont.load_default(int(stream.integers(9, 26)))
    top = 10
    while top < 340:
        letters = "".join(stream.choice(list("etaoin shrdlu cmfwyp  "), 60))
        pen.text((12, top), letters, ink, font)
        top += int(font.size * 1.4)
    return _to_rgb(np.asarray(page))


def draw_plot(stream: np.random.Generator) -> Pixels:
    """Plot lines, bars or points, as papers do."""
    figure = Figure((4, 3.4), dpi=70)
    if stream.random() < 0.4:
        figure.set_facecolor("black")
    axes = figure.subplots()
    kind, gray = stream.integers(3), str(stream.uniform(0, 0.6))
    values = stream.normal(size=30).cumsum()
    if kind == 0:
        axes.plot(values, color=gray)
    elif kind == 1:
        axes.bar(range(8), np.abs(values[:8]), color=gray)
    else:
        axes.scatter(values, stream.normal(size=30), color=gray)
    axes.set_title("Figure")
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    return make_gray(np.asarray(Image.open(picture).convert("RGB")), stream)


def draw_noise(stream: np.random.Generator) -> Pixels:
    """Draw noise, fine or coarse, over all of the picture."""
    side = int(stream.choice([16, 32, 64, 256]))
    values = stream.normal(stream.uniform(20, 128), stream.uniform(10, 60), (side, side))
    return _to_rgb(cv2.resize(values, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_LINEAR))


def _draw_clouds(stream: np.random.Generator, steepness: float) -> NDArray[np.floating]:
    """Draw noise whose amplitude falls with a power of its frequency, like that of tissue."""
    spectrum = np.fft.fft2(stream.normal(size=(SIDE_PX, SIDE_PX)))
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(SIDE_PX), np.fft.fftfreq(SIDE_PX)))
    frequency[0, 0] = 1
    return _stretch(np.fft.ifft2(spectrum / frequency**steepness).real)


def draw_texture_head(stream: np.random.Generator) -> Pixels:
    """Draw an ellipse of a head's shape filled with clouds."""
    clouds = _draw_clouds(stream, stream.uniform(0.6, 2.2))
    low = stream.uniform(0, 90)
    radius = _measure_radius(clouds.shape, stream)
    return _to_rgb((low + clouds * (1 - low / 255)) * (radius < 1))


def draw_blank(stream: np.random.Generator) -> Pixels:
    """Draw one gray level, a faint slope, or a spot of light."""
    rows, columns = np.mgrid[0 : 1 : SIDE_PX * 1j, 0 : 1 : SIDE_PX * 1j]
    level, kind = stream.uniform(0, 255), stream.integers(3)
    if kind == 0:
        return _to_rgb(np.full(rows.shape, level))
    if kind == 1:
        return _to_rgb(level * (stream.uniform(0, 1) * rows + stream.uniform(0, 1) * columns))
    away = np.hypot(rows - stream.uniform(0.3, 0.7), columns - stream.uniform(0.3, 0.7))
    return _to_rgb(level * np.exp(-((away / stream.uniform(0.1, 0.5)) ** 2)))


def draw_shape(stream: np.random.Generator) -> Pixels:
    """Draw a logo of few shapes and gray levels on black."""
    canvas = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
    for _ in range(stream.integers(1, 5)):
        center = tuple(int(v) for v in stream.integers(60, 200, 2))
        axes = tuple(int(v) for v in stream.integers(20, 90, 2))
        level = int(stream.integers(60, 256))
        if stream.random() < 0.5:
            cv2.ellipse(canvas, center, axes, float(stream.uniform(0, 180)), 0, 360, level, -1)
        else:
            corner = (center[0] + axes[0], center[1] + axes[1])
            cv2.rectangle(canvas, center, corner, level, -1)
    return _to_rgb(canvas)


def _grow(shape: tuple[int, int], center: tuple[float, float], size: tuple[float, float],
          stream: np.random.Generator) -> NDArray[np.bool_]:  # fmt: skip
    """Fill a lumpy ellipse; center and half axes as shares of the picture."""
    rows, columns = np.mgrid[0 : 1 : shape[0] * 1j, 0 : 1 : shape[1] * 1j]
    rows, columns = rows - center[0], columns - center[1]
    angle = np.arctan2(rows, columns)
    lumps = 1 + sum(0.04 * np.cos(n * angle + stream.uniform(0, 6)) for n in (2, 3, 5))
    return np.asarray(np.hypot(rows / size[0], columns / size[1]) * lumps < 1)


def _scan(tissue: NDArray[np.floating], stream: np.random.Generator) -> Pixels:
    """Blur and add the texture and noise of a scan, as the brain phantoms have."""
    speckle = 1 + 0.1 * (_draw_clouds(stream, 1.2) / 127.5 - 1)
    noisy = cv2.GaussianBlur(tissue * speckle, (5, 5), 0) + stream.normal(0, 4, tissue.shape)
    return _to_rgb(np.abs(noisy))


def draw_knee(stream: np.random.Generator) -> Pixels:
    """Draw a knee from the side: two bones end to end in muscle and fat."""
    shape = (SIDE_PX, SIDE_PX)
    knee = np.where(_grow(shape, (0.5, 0.5), (0.75, stream.uniform(0.28, 0.4)), stream), 90.0, 0)
    knee[_grow(shape, (0.5, 0.52), (0.7, 0.24), stream)] = stream.uniform(40, 80)
    bone = stream.uniform(150, 220)
    for center in ((0.2, 0.5), (0.82, 0.48)):
        knee[_grow(shape, center, (0.26, 0.15), stream)] = 20
        knee[_grow(shape, center, (0.24, 0.13), stream)] = bone
    knee[_grow(shape, (0.45, 0.28), (0.08, 0.05), stream)] = bone
    return _scan(knee, stream)


def draw_chest(stream: np.random.Generator) -> Pixels:
    """Draw a section of a chest: lungs, heart, spine and ribs."""
    shape = (SIDE_PX, SIDE_PX)
    chest = np.where(_grow(shape, (0.5, 0.5), (0.33, 0.46), stream), 150.0, 0)
    chest[_grow(shape, (0.5, 0.5), (0.3, 0.43), stream)] = 110
    for center in ((0.47, 0.28), (0.47, 0.73)):
        chest[_grow(shape, center, (0.22, 0.14), stream)] = stream.uniform(10, 30)
    chest[_grow(shape, (0.43, 0.54), (0.12, 0.1), stream)] = stream.uniform(130, 190)
    chest[_grow(shape, (0.72, 0.5), (0.06, 0.06), stream)] = 235
    for angle in np.linspace(0, 2 * np.pi, 14):
        center = (0.5 + 0.28 * np.sin(angle), 0.5 + 0.4 * np.cos(angle))
        chest[_grow(shape, center, (0.02, 0.03), stream)] = 225
    return _scan(chest, stream)


def draw_abdomen(stream: np.random.Generator) -> Pixels:
    """Draw a section of a belly: liver, kidneys, gut, spine."""
    shape = (SIDE_PX, SIDE_PX)
    belly = np.where(_grow(shape, (0.5, 0.5), (0.36, 0.47), stream), 60.0, 0)
    belly[_grow(shape, (0.5, 0.5), (0.31, 0.42), stream)] = 90
    belly[_grow(shape, (0.45, 0.28), (0.2, 0.19), stream)] = stream.uniform(130, 160)
    for center in ((0.66, 0.3), (0.66, 0.7)):
        belly[_grow(shape, center, (0.08, 0.06), stream)] = stream.uniform(160, 200)
    for _ in range(6):
        center = (stream.uniform(0.3, 0.5), stream.uniform(0.5, 0.8))
        belly[_grow(shape, center, (0.05, 0.05), stream)] = stream.uniform(20, 170)
    belly[_grow(shape, (0.74, 0.5), (0.07, 0.07), stream)] = 235
    return _scan(belly, stream)


def draw_hand(stream: np.random.Generator) -> Pixels:
    """Draw an X-ray of a hand: five fingers with their bones."""
    canvas = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
    cv2.ellipse(canvas, (128, 180), (55, 60), 0, 0, 360, 90, -1)
    for angle in np.deg2rad(np.array([-50, -20, 0, 18, 36]) + stream.uniform(-5, 5, 5)):
        way = np.array([np.sin(angle), -np.cos(angle)])
        ends = [tuple(int(v) for v in np.array([128, 190]) + way * r) for r in (40, 150)]
        cv2.line(canvas, *ends, 90, 24)
        for inner, outer in ((0, 50), (58, 95), (102, 122), (128, 142)):
            ends = [tuple(int(v) for v in np.array([128, 190]) + way * r) for r in (inner, outer)]
            cv2.line(canvas, *ends, int(stream.integers(170, 230)), 11)
    return _scan(canvas.astype(float), stream)


def draw_digit(stream: np.random.Generator) -> Pixels:
    """Enlarge a handwritten digit, white on black."""
    digits = load_digits().images
    digit = digits[stream.integers(len(digits))] * (255 / 16)
    return _to_rgb(cv2.resize(digit, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_CUBIC))


def _take_face(stream: np.random.Generator) -> Pixels:
    path = resources.files("skimage.data") / "lfw_subset.npy"
    faces = np.load(io.BytesIO(path.read_bytes()), allow_pickle=False)[:100]  # the rest is none
    face = _stretch(faces[stream.integers(len(faces))].astype(float))
    return _to_rgb(cv2.resize(face, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_CUBIC))


def draw_face(stream: np.random.Generator) -> Pixels:
    """Take a face, gray."""
    return _take_face(stream)


def draw_face_on_black(stream: np.random.Generator) -> Pixels:
    """Take a face, gray, cut out on black."""
    return cut_to_head(_take_face(stream), stream)


DRAWINGS: dict[str, Callable[[np.random.Generator], Pixels]] = {
    "page of text": draw_page,
    "plot": draw_plot,
    "noise": draw_noise,
    "clouds, head-shaped": draw_texture_head,
    "blank, slope or spot": draw_blank,
    "logo": draw_shape,
    "digit": draw_digit,
    "face, gray": draw_face,
    "face, gray, head-shaped": draw_face_on_black,
    "knee, drawn": draw_knee,
    "chest, drawn": draw_chest,
    "abdomen, drawn": draw_abdomen,
    "hand, drawn": draw_hand,
}
ONLY_FINAL = ("logo", "chest, drawn", "face, gray", "face, gray, head-shaped", "hand, drawn")
