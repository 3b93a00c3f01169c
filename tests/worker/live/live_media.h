// Encoders' messages for tests of the live pipeline, and looks at what comes out of it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/rtmp/message.h"
#include "worker/live/pipeline.h"

namespace lectern::worker::testing {

using Messages = std::vector<rtmp::MediaMessage>;
using Words = std::vector<std::string>;

// What FFmpeg publishes with these arguments (inputs, codecs), as messages. Aborts where it cannot be made.
Messages Publish(const Words& arguments);
// The usual arguments: a moving picture and a tone.
Words Picture(const std::string& size, int rate, double seconds);
Words Tone(double seconds, int rate = 48000);
// x264 with a key frame every `gop` frames and so many B-frames.
Words X264(int gop, int b_frames);
Words Aac();

Words operator+(Words left, const Words& right);
// The same messages later (earlier) on the timeline.
Messages Moved(Messages messages, int64_t by_ms);
// Two publishers' messages in the order of their timestamps.
Messages Merged(const Messages& left, const Messages& right);
// Headers, then everything from the last key frame that is decoded at or before `position_ms` and `more` key frames before it: what a
// proxy sends to a new worker.
Messages FromKeyFrame(const Messages& messages, int64_t position_ms, int more = 1);

// Pushes all and finishes.
std::vector<SegmentSet> RunPipeline(PipelineOptions options, const Messages& messages, absl::Duration patience = absl::Seconds(60));

// Init segment and segments of one track, in order; empty where there is none.
std::string Joined(const std::vector<SegmentSet>& sets, const std::string& label);
// The same, one text for each init segment.
std::vector<std::string> Runs(const std::vector<SegmentSet>& sets, const std::string& label);
std::vector<std::string> Labels(const std::vector<SegmentSet>& sets);
// Beginnings, then the end of the last set.
std::vector<int64_t> Cuts(const std::vector<SegmentSet>& sets);
// What a later worker continues behind.
ResumePoint ResumeAfter(const std::vector<SegmentSet>& sets);

// Presentation times in milliseconds, sorted, as FFprobe reads them from the media (edit lists honoured).
std::vector<int64_t> ShownAt(const std::string& media);
std::vector<int64_t> ShownAt(const std::vector<std::string>& runs);
// Decodes it with -xerror: what FFmpeg complains about; empty: nothing.
std::string Complaints(const std::string& media);
std::string Complaints(const std::vector<std::string>& runs);
// Digests of the decoded frames, in order.
std::vector<std::string> DecodedFrames(const std::string& media);
// Of the pictures that were published.
std::vector<std::string> DecodedInput(const Messages& messages);

}  // namespace lectern::worker::testing
