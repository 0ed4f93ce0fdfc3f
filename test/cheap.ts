// 3bot as bin/3bot.js starts it, but for one thing: a keystore that it makes is opened in 40 ms instead of 350, by the
// least scrypt that a keystore may have. Tests run thousands of commands, and most of them open keys.
import { testHook } from '../src/keys/cost.js';

testHook.cost = { n: 16_384, r: 8, p: 1 };
await import('../commands/main.js');
