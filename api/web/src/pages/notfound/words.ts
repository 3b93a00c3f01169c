import { words } from '../../lib/words';

export const t = words({
  en: { title: 'There is no such page', hint: 'The address may be mistyped, or what was here has been moved or deleted.' },
  de: {
    title: 'Diese Seite gibt es nicht',
    hint: 'Vielleicht ist die Adresse falsch geschrieben, oder was hier war, wurde verschoben oder gelöscht.',
  },
});
