// For the picture that runs beside another: its sound is never heard, so that it is not loaded, not decoded, and does not hold
// the picture up.
import Hls, { type Loader, type LoaderCallbacks, type LoaderConfiguration, type LoaderContext } from 'hls.js';
import { hasSound, withoutSound } from './masters';

type LoaderClass = new (config: LoaderConfiguration) => Loader<LoaderContext>;

// A loader of playlists; `onMaster` hears whether there was sound.
export function silentLoader(onMaster: (sound: boolean) => void): LoaderClass {
  const Base = Hls.DefaultConfig.loader as unknown as LoaderClass;
  return class extends Base {
    override load(context: LoaderContext, config: LoaderConfiguration, callbacks: LoaderCallbacks<LoaderContext>): void {
      const { onSuccess } = callbacks;
      callbacks.onSuccess = (response, stats, about, details) => {
        if (typeof response.data === 'string' && response.data.includes('#EXT-X-STREAM-INF')) {
          onMaster(hasSound(response.data));
          response.data = withoutSound(response.data);
        }
        onSuccess(response, stats, about, details);
      };
      super.load(context, config, callbacks);
    }
  };
}
