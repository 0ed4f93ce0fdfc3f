// The explorer's page.
import { render } from 'preact';
import './style/tokens.css';

render(<p>3bot explorer</p>, document.getElementById('page') as HTMLElement);
