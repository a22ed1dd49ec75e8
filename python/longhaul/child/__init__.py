"""The process that runs an author's file under longhaul's supervisor: `python3 -m longhaul.child <file.py>`.

It speaks the processor protocol (docs/reference/processor-protocol.md): JSON lines, read from descriptor 3 and written
to descriptor 4. Nothing here is for authors.
"""
