"""Text from outside, as the name of a file, made fit for a terminal."""

# What moves the cursor, colors, or hides what follows: control characters (but the line feed),
# those that turn the direction of writing, and other ends of a line.
_HIDDEN = (*range(0x0A), *range(0x0B, 0x20), *range(0x7F, 0xA0), 0x061C, 0x200E, 0x200F)
_TURNING = (*range(0x2028, 0x202F), *range(0x2066, 0x206A))
_ESCAPED = {code: ascii(chr(code))[1:-1] for code in (*_HIDDEN, *_TURNING)}


def make_visible(text: str) -> str:
    r"""Write characters that a terminal would obey as their escapes.

    >>> make_visible("a\x1b[31mb.png")
    'a\\x1b[31mb.png'
    """
    return text.translate(_ESCAPED)
