// The JavaScript twin of nonesuch/seeds.py, written apart from it: 32-bit integers by Math.imul and 16-bit halves,
// one number at a time. Usage: node seeds.mjs COUNT SEED:STREAM...   prints one line of float32 bits (hex) for each.

const MULTIPLIERS = [0xd2511f53, 0xcd9e8d57];
const KEY_STEPS = [0x9e3779b9, 0xbb67ae85];

const CENTRE_TOP = [
  2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
  13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608,
];
const CENTRE_BOTTOM = [
  5226.495278852545925, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
  5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1,
];
const TAIL_TOP = [
  7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
  3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734,
];
const TAIL_BOTTOM = [
  1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
  0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1,
];

/** The upper 32 bits of the 64-bit product of two unsigned 32-bit numbers. */
function highProduct(a, b) {
  const aLow = a & 0xffff, aHigh = a >>> 16, bLow = b & 0xffff, bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16); // below 2^32: exact
  const carry = (middle & 0xffff) + aLow * bHigh;
  return (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(carry / 65536)) >>> 0;
}

function philox([a, b, c, d], [k0, k1]) {
  for (let round = 0; round < 10; round++) {
    const high0 = highProduct(MULTIPLIERS[0], a), low0 = Math.imul(MULTIPLIERS[0], a) >>> 0;
    const high1 = highProduct(MULTIPLIERS[1], c), low1 = Math.imul(MULTIPLIERS[1], c) >>> 0;
    [a, b, c, d] = [(high1 ^ b ^ k0) >>> 0, low1, (high0 ^ d ^ k1) >>> 0, low0];
    k0 = (k0 + KEY_STEPS[0]) >>> 0;
    k1 = (k1 + KEY_STEPS[1]) >>> 0;
  }
  return [a, b, c, d];
}

const polynomial = (coefficients, x) => coefficients.reduce((total, coefficient) => total * x + coefficient);

function logarithm(x) {
  let power = 0;
  while (x < 0.7071067811865476) {
    x *= 2;
    power -= 1;
  }
  const s = (x - 1) / (x + 1);
  const odd = [21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1].map((k) => 1 / k);
  return power * 0.6931471805599453 + 2 * s * polynomial(odd, s * s);
}

function inverseNormal(probability) {
  const offset = probability - 0.5;
  if (Math.abs(offset) <= 0.425) {
    const near = 0.180625 - offset * offset;
    return offset * (polynomial(CENTRE_TOP, near) / polynomial(CENTRE_BOTTOM, near));
  }
  const x = Math.sqrt(-logarithm(Math.min(probability, 1 - probability))) - 1.6;
  return Math.sign(offset) * (polynomial(TAIL_TOP, x) / polynomial(TAIL_BOTTOM, x));
}

/** count standard normal numbers, the same bits as nonesuch.seeds.normal(seed, count, stream). */
function normal(seed, count, stream) {
  const key = [seed % 2 ** 32, Math.floor(seed / 2 ** 32)];
  const values = new Float32Array(Math.ceil(count / 4) * 4);
  for (let block = 0; block * 4 < count; block++) {
    const words = philox([block, 0, stream, 0], key);
    words.forEach((word, i) => (values[block * 4 + i] = inverseNormal((word + 0.5) / 2 ** 32)));
  }
  return values.subarray(0, count);
}

const [count, ...pairs] = process.argv.slice(2);
for (const pair of pairs) {
  const [seed, stream] = pair.split(":").map(Number);
  const bits = new Uint32Array(normal(seed, Number(count), stream).slice().buffer);
  console.log(Array.from(bits, (word) => word.toString(16).padStart(8, "0")).join(" "));
}
