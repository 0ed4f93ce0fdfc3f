// The explorer's page begins here.
import { render } from 'preact';
import { App } from './app.js';
import { chooseTheme, keptTheme } from './theme.js';
import './style/tokens.css';
import './style/page.css';
import './style/parts.css';
import './style/print.css';

chooseTheme(keptTheme());
const page = document.getElementById('page');
if (page !== null) {
  page.replaceChildren();
  render(<App />, page);
}
