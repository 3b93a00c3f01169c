// Texts of programs that people may read.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace lectern::api {

// `text` without what may open something: user and password of addresses, the values of their queries, bearer tokens, JWTs,
// personal tokens, and values after words such as "password=" and "key:". What a program wrote may hold the address of a camera or
// of a source as it was given to it. Control characters but line breaks and tabs are left out. Pure.
std::string WithoutSecrets(absl::string_view text);

// The same for the end of a log of at most `limit` bytes: where something may have been cut off in front, the line that was cut is
// left out, since half an address cannot be told from words.
std::string LogWithoutSecrets(absl::string_view log, size_t limit);

}  // namespace lectern::api
