package dev.ahjo.core.status;

class MemoryStatusTest extends StatusContract {
  private final MemoryStatus status = new MemoryStatus();

  @Override
  protected StatusStore store() {
    return status;
  }

  @Override
  protected Views views() {
    return status;
  }

  @Override
  protected void shown() {
    // it is at once
  }
}
