// Where everything is below --data_dir, and how media objects are named. Pure.
//
//   lock                                    held (flock) by the one process that uses the folder
//   catalog.sqlite3                         what is known; see catalog.h
//   directory.pb                            the last directory from the API (public keys, revocations)
//   store/objects/<key>                     the media (BlobStore)
//   store/scratch/uploads/<upload id>.part  uploads that are being received
//   store/scratch/staged/<job>-<fence>/     outputs of a job that has not committed
//   store/scratch/packages/<job>-<fence>/   HLS that is being made
//   store/scratch/live/                     live segments that are being received
//
// Keys of media objects:
//   recordings/<upload id>                                   a complete upload
//   jobs/<job>/<fence>/<name>                                a committed output that other jobs read
//   media/<lecture>/<view>/master.m3u8                       replaced atomically
//   media/<lecture>/<view>/<upload id>/<label>-<job>-<fence>/<file>   one published rendition; a name is never used
//   twice media/<lecture>/<view>/<upload id>/thumbnails/<name>     pictures and their WebVTT index
//   media/<lecture>/<view>/<upload id>/live/<label>-...      segments of a recording that was or is on air
//   media/<lecture>/<view>/<upload id>/live/<label>.m3u8     their playlist, once it has ended
// What is below media/<lecture>/<view>/ is what a player asks for below /p/<token>/<lecture>/<view>/.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace lectern::vod {

bool IsUploadId(absl::string_view text);    // 32 lower-case hex digits
bool IsView(absl::string_view text);        // comb, cam, pres
bool IsOutputName(absl::string_view text);  // [A-Za-z0-9_-][A-Za-z0-9._-]*, at most 100 bytes
bool IsLabel(absl::string_view text);       // [A-Za-z0-9_]+, at most 32 bytes
// Pictures and their index are published when their job commits; other outputs are for other jobs only.
bool IsPictureName(absl::string_view name);  // .vtt, .jpg, .jpeg, .png, .webp

std::string RecordingKey(absl::string_view upload);
std::string OutputFolder(int64_t job, int64_t fence);
std::string ViewFolder(int64_t lecture, absl::string_view view);
std::string MasterKey(int64_t lecture, absl::string_view view);
std::string AssetFolder(int64_t lecture, absl::string_view view, absl::string_view upload);
// Segments of what is on air: "<label>-...", ending in .m4s or .mp4.
bool IsLiveName(absl::string_view name);
absl::string_view LabelOfLiveName(absl::string_view name);
std::string LiveFolder(int64_t lecture, absl::string_view view, absl::string_view upload);
// What stands for the folder of a live track in the catalog: "<upload id>/live/<label>"; its playlist is the same with
// ".m3u8".
std::string LiveTrackDir(absl::string_view upload, absl::string_view label);
bool IsLiveTrackDir(absl::string_view dir);
// Of a rendition's media playlist, relative to the view's folder.
std::string PlaylistPath(absl::string_view rendition_dir);
// Relative to the view's folder.
std::string RenditionDir(absl::string_view upload, absl::string_view label, int64_t job, int64_t fence);

std::string PartPath(absl::string_view scratch, absl::string_view upload);
std::string StagedFolder(absl::string_view scratch, int64_t job, int64_t fence);
std::string PackageFolder(absl::string_view scratch, int64_t job, int64_t fence);
std::string LiveScratch(absl::string_view scratch);

}  // namespace lectern::vod
