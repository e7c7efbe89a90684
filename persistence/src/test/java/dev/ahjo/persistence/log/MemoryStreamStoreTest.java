package dev.ahjo.persistence.log;

class MemoryStreamStoreTest extends StreamStoreContract {
  private final MemoryStreamStore store = new MemoryStreamStore();

  @Override
  MemoryStreamStore store() {
    return store;
  }
}
