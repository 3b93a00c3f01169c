// The name under which a browser saves an answer.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace lectern::http {

// Value of Content-Disposition (RFC 6266): `file_name` in UTF-8 (RFC 8187), and in ASCII for who does not read that. Any bytes are
// safe; those that are no file name (common/base/file_name.h) are the caller's matter.
std::string Attachment(absl::string_view file_name);

}  // namespace lectern::http
