// The two programs that run on the graphics card: where a point lies and how large it is, and how
// its disc or ring is filled.

export const VERTEX = `#version 300 es
precision highp float;
precision highp int;

layout(location = 0) in vec3 place;
layout(location = 1) in uint code;
layout(location = 2) in uint state;

uniform mat4 matrix;
uniform sampler2D palette;
uniform float size;       // of a real image's disc, in device pixels
uniform float deep;       // 1 in space, 0 on paper
uniform float chosen;     // 1 where something is selected

flat out vec4 fill;
flat out float pixels;
flat out float ring;      // 1: a ring, 0: a disc
flat out float outlined;  // 1: an outline in the colour of absent images

const uint REAL = 1u, ABSENT = 2u, SHOWN = 4u, SELECTED = 8u;

void main() {
  vec4 colour = texelFetch(palette, ivec2(int(code), 0), 0);
  if ((state & SHOWN) == 0u || colour.a == 0.0) {
    gl_Position = vec4(2.0, 2.0, 2.0, 1.0);  // outside: nothing is drawn
    gl_PointSize = 0.0;
    return;
  }
  bool real = (state & REAL) != 0u;
  bool absent = (state & ABSENT) != 0u;
  bool faint = chosen > 0.5 && (state & SELECTED) == 0u;

  gl_Position = matrix * vec4(place, 1.0);
  float scale = mix(1.0, 1.0 / gl_Position.w, deep);
  pixels = size * scale * (absent ? 1.25 : real ? 1.0 : 0.92) * (faint ? 0.8 : 1.0);
  gl_PointSize = pixels + 1.0;
  ring = real || pixels < 6.0 ? 0.0 : 1.0;
  outlined = absent && !faint && pixels >= 3.0 ? 1.0 : 0.0;

  float layer = absent ? -0.5 : real ? -0.2 : 0.2;  // absent over real over synthetic
  float chosenLayer = faint ? 0.6 : chosen > 0.5 ? -0.3 : 0.0;
  float onPaper = layer + chosenLayer * 0.6;
  float inSpace = gl_Position.z * 0.4 + chosenLayer * gl_Position.w;
  gl_Position.z = mix(onPaper, inSpace, deep);
  float alpha = real ? 0.92 : ring > 0.5 ? 1.0 : 0.72;
  fill = vec4(colour.rgb, faint ? 0.16 : alpha);
}
`;

export const FRAGMENT = `#version 300 es
precision highp float;

flat in vec4 fill;
flat in float pixels;
flat in float ring;
flat in float outlined;
uniform vec3 outline;  // the colour around absent images
uniform vec3 paper;    // the colour behind everything

out vec4 colour;

void main() {
  float radius = pixels * 0.5;
  float away = length(gl_PointCoord - 0.5) * (pixels + 1.0);
  float cover = pixels < 2.5 ? 1.0 : clamp(radius - away + 0.5, 0.0, 1.0);
  if (cover <= 0.02) discard;
  vec3 ink = fill.rgb;
  float alpha = fill.a;
  float inner = radius - max(1.5, pixels * 0.2);
  if (ring > 0.5) {
    alpha *= mix(1.0, 0.34, clamp(inner - away + 0.5, 0.0, 1.0));
  } else if (outlined > 0.5) {
    float rim = clamp(away - (radius - max(1.2, pixels * 0.14)) + 0.5, 0.0, 1.0);
    ink = mix(ink, outline, rim);
    alpha = max(alpha, rim);
  } else if (pixels >= 7.0 && fill.a > 0.5) {
    ink = mix(ink, paper, 0.55 * clamp(away - radius + 1.3, 0.0, 1.0));  // a thin light rim
  }
  colour = vec4(ink, 1.0) * (alpha * cover);
}
`;
