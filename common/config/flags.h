// Command line flags `--like_this`, each with an environment variable LECTERN_LIKE_THIS; the command line wins.
//
//   Flags flags("lectern-edge", "Serves lectures to viewers.");
//   flags.String("cache_dir", &config.cache_dir, "Folder of the cache");
//   if (std::optional<int> exit = flags.Parse(argc, argv)) return *exit;
//
// Every flag added here is listed by --help with its default. Secrets are given as files (add a `String` flag for the path) or
// through the environment (`Secret`), never as bare flags.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace lectern {

class Flags {
 public:
  Flags(absl::string_view program, absl::string_view description);
  ~Flags();

  // The value at the time of the call is the default. `target` must outlive Parse.
  void String(absl::string_view name, std::string* target, absl::string_view help);
  void Strings(absl::string_view name, std::vector<std::string>* target, absl::string_view help);   // comma-separated
  void Int(absl::string_view name, int64_t* target, absl::string_view help);
  void Double(absl::string_view name, double* target, absl::string_view help);
  void Bool(absl::string_view name, bool* target, absl::string_view help);                         // --x or --x=false
  void Duration(absl::string_view name, absl::Duration* target, absl::string_view help);           // 1.5s, 10m, 24h
  void Bytes(absl::string_view name, int64_t* target, absl::string_view help);                     // 512M, 20G, powers of 1024

  // Read from the environment variable only; taken out of the process' environment.
  void Secret(absl::string_view environment, std::string* target, absl::string_view help);

  // Absent: go on. Otherwise the exit status: 0 after --help or --version, 2 after one clear line about what is wrong.
  std::optional<int> Parse(int argc, char** argv);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The version of this build ("0.1.0").
absl::string_view Version();

}  // namespace lectern
