/**
 * Reads arrays in NumPy's `.npy` format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 *
 * As much of it as the server sends: versions 1 and 2, little-endian floats, row-major.
 */

export interface NdArray {
  readonly values: Float32Array | Float64Array;
  readonly shape: readonly number[];
}

export class NpyError extends Error {
  override name = "NpyError";
}

const MAGIC = "\x93NUMPY";
const KINDS = { "<f4": Float32Array, "<f8": Float64Array };

export function decodeNpy(buffer: ArrayBuffer): NdArray {
  const view = new DataView(buffer);
  const magic = latin1(buffer, 0, Math.min(MAGIC.length, buffer.byteLength));
  if (magic !== MAGIC || buffer.byteLength < 12)
    throw new NpyError("not a .npy file: it does not begin as one");
  const version = view.getUint8(6);
  if (version !== 1 && version !== 2)
    throw new NpyError(`.npy version ${version} is not known, only 1 and 2 are`);

  const headerStart = version === 1 ? 10 : 12;
  const dataStart = headerStart + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (dataStart > buffer.byteLength) throw new NpyError("the .npy header is cut off");
  const header = latin1(buffer, headerStart, dataStart);

  const kind = /'descr'\s*:\s*'([^']*)'/.exec(header)?.[1];
  if (kind !== "<f4" && kind !== "<f8")
    throw new NpyError(`numbers of kind ${kind} are not read, only <f4 and <f8`);
  if (!/'fortran_order'\s*:\s*False/.test(header)) throw new NpyError("only row-major arrays are read");
  const inside = /'shape'\s*:\s*\(([\d\s,]*)\)/.exec(header)?.[1];
  if (inside === undefined) throw new NpyError("the .npy header has no shape");
  const shape = inside
    .split(",")
    .filter((part) => part.trim() !== "")
    .map(Number);

  const length = shape.reduce((product, extent) => product * extent, 1);
  const Kind = KINDS[kind];
  const missing = dataStart + length * Kind.BYTES_PER_ELEMENT - buffer.byteLength;
  if (missing > 0) throw new NpyError(`the array is cut off: ${missing} bytes are missing`);
  // A typed array can only begin at a multiple of its element, where NumPy puts its data but others may not.
  const aligned = dataStart % Kind.BYTES_PER_ELEMENT === 0;
  return {
    shape,
    values: aligned ? new Kind(buffer, dataStart, length) : new Kind(buffer.slice(dataStart), 0, length),
  };
}

const latin1 = (buffer: ArrayBuffer, from: number, to: number): string =>
  String.fromCharCode(...new Uint8Array(buffer, from, to - from));
