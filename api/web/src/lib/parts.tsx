// What pages are made of.
export * from './cards';
export * from './controls';
export * from './data';
export * from './feedback';
export * from './icons';
export * from './menu';
export * from './rows';
