"""GB/T 9704-2012 in figures: how the paper of a Chinese authority is laid out. Lengths in millimetres or points."""

PAGE_MM = (210, 297)  # 5.1: A4
TOP_MM, LEFT_MM = 37, 28  # 5.2.1: margins above and at the binding side
TYPE_AREA_MM = (156, 225)  # 5.2.1: width and height of the type area
LINES, CHARACTERS = 22, 28  # 5.2.3: lines a page, characters a line
RIGHT_MM, BOTTOM_MM = PAGE_MM[0] - LEFT_MM - TYPE_AREA_MM[0], PAGE_MM[1] - TOP_MM - TYPE_AREA_MM[1]
# 22 lines of 29 points or 28 characters of 16 would not fit into the type area: these do.
LINE_PITCH_PT, CHARACTER_PITCH_PT = 28.95, 15.79
TITLE_PT, TEXT_PT, SMALL_PT = 22, 16, 14  # 2号, 3号, 4号 (5.2.2, 7.3)
TABLE_PT = 12  # 小4号
HEADING_BELOW_MM = 35  # 10.3: from the type area's upper edge to that of the heading
THICK_MM, THIN_MM = 0.35, 0.25  # 7.4.1: the rules of the closing block
PAGE_NUMBER_BELOW_MM = 7  # 7.5: from the type area's lower edge to the dashes beside the page number
RED = "D40000"

FIGURES = {
    "top": TOP_MM,
    "right": RIGHT_MM,
    "bottom": BOTTOM_MM,
    "left": LEFT_MM,
    "line": LINE_PITCH_PT,
    "character": CHARACTER_PITCH_PT,
    "title": TITLE_PT,
    "text": TEXT_PT,
    "small": SMALL_PT,
    "table": TABLE_PT,
    "heading_below": HEADING_BELOW_MM,
    "thick": THICK_MM,
    "thin": THIN_MM,
    "number_below": PAGE_NUMBER_BELOW_MM,
}
