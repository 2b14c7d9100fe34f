// Where the tiles of a call stand. They are placed and never moved in the page: a <video> that moves stops playing.
export interface Size {
  width: number;
  height: number;
}
export interface Box extends Size {
  left: number;
  top: number;
}

const GAP = 8;
/** People are neither wider nor taller than these, so that nobody's head is cut off. */
const WIDEST = 16 / 9;
const TALLEST = 3 / 4;
const STRIP_MIN_HEIGHT = 72;

/** A box for every tile, within `size`, in whole pixels. Without a large one all are alike. */
export function arrange(size: Size, keys: readonly string[], large: string | undefined): Map<string, Box> {
  const others = keys.filter((key) => key !== large);
  if (large === undefined || others.length === keys.length) return grid(size, keys);
  const whole: Box = { left: 0, top: 0, ...size };
  if (others.length === 0) return new Map([[large, whole]]);
  if (others.length === 1) return new Map([[large, whole], [others[0]!, corner(size)]]); // prettier-ignore
  return size.width > size.height * 1.1 ? stripBeside(size, large, others) : stripBelow(size, large, others);
}

function grid(size: Size, keys: readonly string[]): Map<string, Box> {
  let best: Size & { columns: number } = { width: 0, height: 0, columns: 1 };
  for (let columns = 1; columns <= keys.length; columns += 1) {
    const rows = Math.ceil(keys.length / columns);
    const cell = shaped({ width: share(size.width, columns), height: share(size.height, rows) });
    if (cell.width * cell.height > best.width * best.height) best = { ...cell, columns };
  }
  return inRows({ left: 0, top: 0, ...size }, keys, best, best.columns);
}

/** One row of small tiles to the right, or two where they would become too low. */
function stripBeside(size: Size, large: string, others: readonly string[]): Map<string, Box> {
  let columns = 1;
  while (columns < 3 && share(size.height, Math.ceil(others.length / columns)) < STRIP_MIN_HEIGHT) columns += 1;
  const rows = Math.ceil(others.length / columns);
  const width = Math.min(Math.round(clamp(size.width * 0.2, 96, 220)), share(size.width / 2, columns));
  const cell = { width, height: Math.min(Math.round(width / WIDEST), share(size.height, rows)) };
  const stripWidth = columns * width + (columns - 1) * GAP;
  const main: Box = { left: 0, top: 0, width: Math.max(0, size.width - stripWidth - GAP), height: size.height };
  const strip: Box = { left: main.width + GAP, top: 0, width: stripWidth, height: size.height };
  return new Map([[large, main], ...inRows(strip, others, cell, columns)]);
}

function stripBelow(size: Size, large: string, others: readonly string[]): Map<string, Box> {
  const columns = Math.min(others.length, Math.max(3, Math.floor(size.width / 120)));
  const width = Math.min(share(size.width, columns), 160);
  const rows = Math.ceil(others.length / columns);
  const height = Math.min(width, Math.floor(share(size.height / 2, rows)));
  const stripHeight = rows * height + (rows - 1) * GAP;
  const main: Box = { left: 0, top: 0, width: size.width, height: Math.max(0, size.height - stripHeight - GAP) };
  const strip: Box = { left: 0, top: main.height + GAP, width: size.width, height: stripHeight };
  return new Map([[large, main], ...inRows(strip, others, { width, height }, columns)]);
}

function corner(size: Size): Box {
  const lying = size.width > size.height;
  const width = Math.round(clamp(size.width * (lying ? 0.2 : 0.28), 88, 220));
  const height = Math.min(Math.round(lying ? width / 1.5 : width / TALLEST), Math.round(size.height / 2));
  const margin = 12;
  return { left: size.width - width - margin, top: size.height - height - margin, width, height };
}

/** Rows of equal cells in the middle of an area, the last row in the middle too. */
function inRows(area: Box, keys: readonly string[], cell: Size, columns: number): Map<string, Box> {
  const rows = Math.ceil(keys.length / columns);
  const top = area.top + Math.floor((area.height - rows * cell.height - (rows - 1) * GAP) / 2);
  return new Map(
    keys.map((key, index) => {
      const row = Math.floor(index / columns);
      const inRow = Math.min(columns, keys.length - row * columns);
      const left = area.left + Math.floor((area.width - inRow * cell.width - (inRow - 1) * GAP) / 2);
      const column = index % columns;
      return [key, { left: left + column * (cell.width + GAP), top: top + row * (cell.height + GAP), ...cell }];
    }),
  );
}

function share(length: number, parts: number): number {
  return Math.max(0, Math.floor((length - (parts - 1) * GAP) / parts));
}

function shaped({ width, height }: Size): Size {
  const narrowed = Math.min(width, Math.floor(height * WIDEST));
  return { width: narrowed, height: Math.min(height, Math.floor(narrowed / TALLEST)) };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
