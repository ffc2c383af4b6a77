"""What is no picture is written once as lossless pictures, and from then on it is one."""
