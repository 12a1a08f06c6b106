/** Lines that use the net of a page elsewhere, ready to be pasted beside the folder of the page. */

export interface Snippet {
  readonly name: string;
  readonly where: string;
  readonly code: string;
}

const PLAIN_DRAWS = `<canvas id="picture"></canvas>
<script type="module">
  import { load } from './model/nonesuch.js';

  const model = await load('model/manifest.json');
  const [picture] = await model.sample([7]);
  const canvas = document.getElementById('picture');
  [canvas.width, canvas.height] = [picture.width, picture.height];
  canvas.getContext('2d').putImageData(new ImageData(picture.data, picture.width, picture.height), 0, 0);
</script>`;

const PLAIN_NAMES = `<input type="file" id="file" accept="image/*" /><p id="answer"></p>
<script type="module">
  import { load } from './model/nonesuch.js';

  const model = await load('model/manifest.json');
  document.getElementById('file').onchange = async ({ target }) => {
    const { classes } = await model.predict(await createImageBitmap(target.files[0]));
    const [best] = classes;
    document.getElementById('answer').textContent = \`\${best.name}: \${Math.round(100 * best.probability)} %\`;
  };
</script>`;

const P5_DRAWS = `<script src="p5.min.js"></script>
<script type="module">
  import { load } from './model/nonesuch.js';

  const model = await load('model/manifest.json');
  new p5((p) => {
    let picture;
    const draw = async (seed) => {
      const [found] = await model.sample([seed]);
      picture = p.createImage(found.width, found.height);
      picture.loadPixels();
      picture.pixels.set(found.data);
      picture.updatePixels();
    };
    p.setup = () => {
      p.createCanvas(512, 512);
      p.noSmooth();
      draw(7);
    };
    p.mousePressed = () => void draw(Math.floor(p.random(1e9)));
    p.draw = () => picture && p.image(picture, 0, 0, p.width, p.height);
  });
</script>`;

const pythonDraws = (precision: string) => `import json
import numpy as np
import onnxruntime
from PIL import Image

manifest = json.load(open("model/manifest.json"))
net = onnxruntime.InferenceSession("model/draw.${precision}.onnx")
feeds = {"z": np.random.default_rng(7).standard_normal((1, manifest["latent"]["size"]), np.float32)}
if manifest["classes"]:
    feeds["label"] = np.array([0])
picture = net.run(["picture"], feeds)[0][0]
pixels = np.rint((picture.transpose(1, 2, 0) + 1) * 127.5).clip(0, 255).astype(np.uint8)
Image.fromarray(pixels.squeeze()).save("picture.png")`;

const pythonNames = (precision: string) => `import json
import numpy as np
import onnxruntime
from PIL import Image

manifest = json.load(open("model/manifest.json"))
net = onnxruntime.InferenceSession("model/answer.${precision}.onnx")
shape = manifest["picture"]
file = Image.open("me.png").convert("L" if shape["channels"] == 1 else "RGB").resize((shape["width"], shape["height"]))
picture = np.asarray(file, np.float32).reshape(shape["height"], shape["width"], -1).transpose(2, 0, 1) / 127.5 - 1
logits = net.run(["logits"], {"picture": picture[None]})[0][0]
print(manifest["classes"][logits.argmax()])`;

export const snippets = (kind: string, precision: string): readonly Snippet[] =>
  kind === 'cnn'
    ? [
        { name: 'A page of yours', where: 'beside index.html, on any web host', code: PLAIN_NAMES },
        { name: 'Python', where: 'in the folder of the page; needs onnxruntime and pillow', code: pythonNames(precision) },
      ]
    : [
        { name: 'A page of yours', where: 'beside index.html, on any web host', code: PLAIN_DRAWS },
        { name: 'p5.js', where: 'beside index.html, with p5.min.js; a click draws another', code: P5_DRAWS },
        { name: 'Python', where: 'in the folder of the page; needs onnxruntime and pillow', code: pythonDraws(precision) },
      ];
