/** The one grid of the page: where columns stand, in the selection as in the matches. Lengths in pixels. */

/** Left of the first column: axis, labels of tracks, what is said about a match. */
export const GUTTER = 216;
export const ROW_HEIGHT = 24;
/** Between heat maps, and left of the first. */
export const MAP_GAP = 16;
/** Columns before the start of a match, where there are enough, and the share of them that may be before it. */
const LEAST_BEFORE = 4;
const MOST_BEFORE = 0.4;
const MAP_CELL = 8;
/** Fewest and most columns of a heat map. */
const MAP_COLUMNS = [10, 24] as const;
/** As much of the room beside the gutter as the heat maps may take together, while each has its fewest columns. */
const MAPS_SHARE = 0.5;
/** As much of it as the words keep where many maps want more; the maps are scrolled to then. */
const WORDS_SHARE = 0.3;
const SCROLLBAR = 14;

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly columnWidth: number;
  /** Whole columns that fit beside the gutter. */
  readonly columns: number;
  /** Columns of words in a match row, left of the heat maps. */
  readonly matchColumns: number;
  /** The column in which every match starts: that of the range, where it leaves room before and after it. */
  readonly start: number;
  readonly mapCell: number;
  readonly mapColumns: number;
  /** How many of them lie before the start of a match. */
  readonly mapBefore: number;
  /** The room for all heat maps together. */
  readonly mapsWidth: number;
}

const roomOf = (width: number, columnWidth: number): number =>
  Math.max(columnWidth, width - GUTTER - SCROLLBAR);

/** Whole columns of a width that a page of a width has beside the gutter. */
export const columnsOf = (width: number, columnWidth: number): number =>
  Math.floor(roomOf(width, columnWidth) / columnWidth);

export function layoutOf(
  width: number,
  height: number,
  columnWidth: number,
  maps: number,
  offset: number,
): Layout {
  const room = roomOf(width, columnWidth);
  const fit = Math.floor(((room * MAPS_SHARE) / maps - MAP_GAP) / MAP_CELL);
  const mapColumns = Math.min(MAP_COLUMNS[1], Math.max(MAP_COLUMNS[0], fit));
  const mapsWidth = maps * (mapColumns * MAP_CELL + MAP_GAP);
  const wordsWidth = Math.max(room - mapsWidth, room * WORDS_SHARE);
  const matchColumns = Math.max(1, Math.floor(wordsWidth / columnWidth));
  const most = Math.floor(MOST_BEFORE * matchColumns);
  return {
    width,
    height,
    columnWidth,
    columns: columnsOf(width, columnWidth),
    matchColumns,
    start: Math.min(Math.max(LEAST_BEFORE, offset), most),
    mapCell: MAP_CELL,
    mapColumns,
    mapBefore: Math.floor(mapColumns / 4),
    mapsWidth,
  };
}
