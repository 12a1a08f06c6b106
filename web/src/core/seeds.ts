/** Random numbers that are a pure function of a seed, bit for bit those of nonesuch/seeds.py.
 *
 * Philox4x32-10 -> u = (word + 1/2) / 2^32 -> inverse normal CDF (Wichura 1988, AS 241) -> float32. Only + - * / and
 * sqrt on doubles, which every machine rounds alike; contracts/golden/seeds.json holds both sides to the same bits.
 */

/** Seeds are whole numbers from 0 to here, this one left out. */
export const SEED_LIMIT = 2 ** 53;

const ROUNDS = 10;
const MULTIPLIERS = [0xd2511f53, 0xcd9e8d57] as const;
const KEY_STEPS = [0x9e3779b9, 0xbb67ae85] as const;

// prettier-ignore
const CENTRE = [
  [2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
    13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608],
  [5226.495278852545925, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
    5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0],
] as const;
// prettier-ignore
const TAIL = [
  [7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
    3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734],
  [1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
    0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1.0],
] as const;
const LN2 = 0.6931471805599453;
const SQRT_HALF = 0.7071067811865476;
const ATANH = Array.from({ length: 11 }, (_, place) => 1 / (21 - 2 * place));

/** `count` independent standard normal numbers of a seed and a stream; a longer sequence begins with the shorter. */
export function normal(seed: number, count: number, stream = 0): Float32Array {
  if (!Number.isInteger(seed) || seed < 0 || seed >= SEED_LIMIT) {
    throw new RangeError(`a seed is a whole number from 0 to 2^53 - 1, not ${seed}`);
  }
  const key = [seed % 2 ** 32, Math.floor(seed / 2 ** 32)] as const;
  const numbers = new Float32Array(count);
  for (let block = 0; block * 4 < count; block++) {
    const words = philox([block, 0, stream, 0], key);
    for (let place = 0; place < 4 && block * 4 + place < count; place++) {
      numbers[block * 4 + place] = inverseNormal(((words[place] as number) + 0.5) / 2 ** 32);
    }
  }
  return numbers;
}

type Four = readonly [number, number, number, number];

/** Philox4x32-10 (Salmon et al. 2011): a counter and a key of 32-bit words to four random 32-bit words. */
export function philox(counter: Four, key: readonly [number, number]): Four {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const [high0, low0] = product(MULTIPLIERS[0], c0);
    const [high1, low1] = product(MULTIPLIERS[1], c2);
    [c0, c1, c2, c3] = [(high1 ^ c1 ^ k0) >>> 0, low1, (high0 ^ c3 ^ k1) >>> 0, low0];
    k0 = (k0 + KEY_STEPS[0]) >>> 0;
    k1 = (k1 + KEY_STEPS[1]) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** The 64-bit product of two 32-bit words, as its high and low word; each partial product is below 2^53. */
function product(a: number, b: number): readonly [number, number] {
  const middle = a * (b >>> 16);
  const low = a * (b & 0xffff);
  const carried = low + (middle % 2 ** 16) * 2 ** 16;
  return [Math.floor(middle / 2 ** 16) + Math.floor(carried / 2 ** 32), carried % 2 ** 32];
}

/** The z with P(Z < z) = probability for a standard normal Z. */
export function inverseNormal(probability: number): number {
  const offset = probability - 0.5;
  if (Math.abs(offset) <= 0.425) return offset * ratio(CENTRE, 0.180625 - offset * offset);
  const tail = Math.sqrt(-log(Math.min(probability, 1 - probability))) - 1.6;
  return Math.abs(ratio(TAIL, tail)) * Math.sign(offset);
}

/** Natural logarithm in (0, 1]: x = m 2^e with m in [sqrt(1/2), sqrt(2)), log m = 2 atanh((m - 1) / (m + 1)). */
function log(x: number): number {
  let mantissa = x;
  let power = 0;
  while (mantissa < SQRT_HALF) {
    mantissa *= 2;
    power -= 1;
  }
  const s = (mantissa - 1) / (mantissa + 1);
  return power * LN2 + 2 * s * horner(ATANH, s * s);
}

const ratio = ([above, below]: readonly [readonly number[], readonly number[]], x: number): number =>
  horner(above, x) / horner(below, x);

function horner(coefficients: readonly number[], x: number): number {
  let total = coefficients[0] as number;
  for (let place = 1; place < coefficients.length; place++) total = total * x + (coefficients[place] as number);
  return total;
}
