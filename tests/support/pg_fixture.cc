// Written with the store.
