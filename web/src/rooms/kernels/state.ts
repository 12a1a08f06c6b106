/** What the address says of the room Kernels: picture, kernel, cursor, and what is open below. */
import { choice, flag, list, real, text, whole, type Fields } from '../../core/url';
import { EDGES, type Edge, type Kernel } from '../../core/kernels';

export type Tab = 'chain' | 'learnt' | 'lesson';

export interface KernelsState {
  readonly picture: string;
  readonly camera: boolean;
  /** A name; "custom" and "learnt" have their weights in `cells`. */
  readonly preset: string;
  readonly cells: readonly number[];
  /** 0: every channel by itself; else how many channels the cells are for. */
  readonly across: number;
  /** 0: the kernel's own. */
  readonly scale: number;
  readonly offset: number;
  readonly stride: number;
  readonly edge: 'own' | Edge;
  readonly turned: boolean;
  readonly grey: boolean;
  /** The cursor, in places of the result; -1: somewhere in the middle. */
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
  readonly play: 'auto' | 'yes' | 'no';
  readonly pace: number;
  readonly tab: Tab;
  readonly chain: string;
  readonly run: string;
  readonly filter: number;
  readonly steps: number;
  readonly seed: number;
  readonly task: string;
}

export const FIRST_PICTURE = 'data:pixelfolk:4';
export const FIRST_CHAIN = 'mine, leaky 0.2, pool 2, outline';

export const FIELDS: Fields<KernelsState> = {
  picture: text(FIRST_PICTURE, 240),
  camera: flag(),
  preset: text('sharpen', 20),
  cells: list(real(0, -99999, 99999, 5), [], 1024),
  across: whole(0, 0, 4),
  scale: real(0, -9999, 9999),
  offset: real(0, -9999, 9999, 5),
  stride: whole(1, 1, 16),
  edge: choice('own', ...EDGES),
  turned: flag(),
  grey: flag(),
  x: whole(-1, -1, 9999),
  y: whole(-1, -1, 9999),
  zoom: real(1, 1, 64, 1),
  play: choice('auto', 'yes', 'no'),
  pace: whole(1, 1, 16),
  tab: choice('chain', 'learnt', 'lesson'),
  chain: text(FIRST_CHAIN, 400),
  run: text('', 100),
  filter: whole(0, 0, 9999),
  steps: whole(300, 1, 5000),
  seed: whole(0, 0, 2147483647),
  task: text('', 60),
};

/** The first view does not wait for the list of kernels. */
const SHARPEN: Kernel = {
  side: 3,
  across: 0,
  weights: [0, -1, 0, -1, 5, -1, 0, -1, 0],
  scale: 1,
  offset: 0,
  stride: 1,
  edge: 'zero',
};

/** The kernel that the address describes. `named`: those of the server, as far as they have come. */
export function kernelOf(state: KernelsState, named: ReadonlyMap<string, Kernel>): Kernel {
  const own = (sideOf(state) && typed(state)) || (named.get(state.preset) ?? SHARPEN);
  return {
    ...own,
    scale: state.scale || own.scale,
    offset: state.offset,
    stride: state.stride,
    edge: state.edge === 'own' ? own.edge : state.edge,
  };
}

/** The side of typed cells; 0 when there are none, or they are no squares. */
function sideOf({ preset, cells, across }: KernelsState): number {
  if (preset !== 'custom' && preset !== 'learnt') return 0;
  const side = Math.sqrt(cells.length / (across || 1));
  return Number.isInteger(side) && side % 2 === 1 ? side : 0;
}

const typed = (state: KernelsState): Kernel => ({
  ...SHARPEN,
  side: sideOf(state),
  across: state.across,
  weights: state.cells,
});

/** Weights in a square of another side: cut off, or with zeros around. */
export function resized({ side, across, weights }: Kernel, to: number): number[] {
  const shift = (to - side) >> 1;
  return Array.from({ length: to * to * (across || 1) }, (_, place) => {
    const [block, within] = [Math.floor(place / (to * to)), place % (to * to)];
    const [x, y] = [(within % to) - shift, Math.floor(within / to) - shift];
    return x < 0 || y < 0 || x >= side || y >= side ? 0 : (weights[block * side * side + y * side + x] as number);
  });
}
