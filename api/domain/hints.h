// Hints from whoever changed rows to the rooms that act on them. A hint saves the wait for the next poll (one second) and may
// be lost or given in vain. Thread-safe, never block. Give them after the transaction has been committed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace lectern::api {

struct Hints {
  std::function<void()> work = [] {};                          // there are jobs that could be placed
  // Something about a resource, or a job that it holds, is to be told to it; `api_instance` holds its stream (empty: all).
  std::function<void(const std::string& api_instance)> push = [](const std::string&) {};
  std::function<void()> directory = [] {};                     // keys, origins or revocations have changed
};

}  // namespace lectern::api
