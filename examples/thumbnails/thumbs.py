from pathlib import Path
from PIL import Image

def thumbnail(image: Path, width: int = 256) -> Path:
    """Shrink an image to `width` pixels."""
    im = Image.open(image)
    im.thumbnail((width, width))
    im.save("thumb.webp")
    return Path("thumb.webp")
