// The map of the world as it is drawn: outlines of the countries, and the place of each country's mark. Worked out at
// build time from Natural Earth's borders (package world-atlas), so that the page carries no geometry.
import { createRequire } from 'node:module';
import { geoCentroid, geoEqualEarth, geoPath } from 'd3-geo';
import { feature } from 'topojson-client';

const require = createRequire(import.meta.url);

/** Size of the drawing, in its own units. */
const WIDTH = 960;
const HEIGHT = 440;
const ANTARCTICA = '010';

/**
 * `outline` of all land in one path, and by two-letter code `[name, x, y]` of each country's mark.
 * Marks come of the finer borders, which have countries that the outline is too coarse for.
 */
export function worldMap() {
  const coarse = require('world-atlas/countries-110m.json');
  const fine = require('world-atlas/countries-50m.json');
  const codes = new Map(require('i18n-iso-countries/codes.json').map(([two, , number]) => [number, two]));
  const names = require('i18n-iso-countries/langs/en.json').countries;
  const land = feature(coarse, coarse.objects.countries).features.filter(({ id }) => id !== ANTARCTICA);
  const projection = geoEqualEarth().fitExtent([[4, 4], [WIDTH - 4, HEIGHT - 4]], { type: 'FeatureCollection', features: land });
  const draw = geoPath(projection).digits(1);
  const marks = {};
  // Islands far away may share their country's number: the larger one counts.
  const areas = {};
  for (const country of feature(fine, fine.objects.countries).features) {
    const code = codes.get(country.id);
    const point = projection(geoCentroid(mainland(country)));
    const area = geoPath().area(country);
    if (code === undefined || point === null || area <= (areas[code] ?? 0)) continue;
    areas[code] = area;
    marks[code] = [[names[code]].flat()[0] ?? country.properties.name, ...point.map((at) => Math.round(at * 10) / 10)];
  }
  return { width: WIDTH, height: HEIGHT, outline: land.map((country) => draw(country)).join(''), marks };
}

/** The largest part of a country: France's mark is in Europe. */
function mainland({ geometry }) {
  if (geometry.type !== 'MultiPolygon') return geometry;
  const parts = geometry.coordinates.map((coordinates) => ({ type: 'Polygon', coordinates }));
  return parts.reduce((best, part) => (geoPath().area(part) > geoPath().area(best) ? part : best));
}
