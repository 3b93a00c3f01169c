// How an untrusted file is given to FFmpeg.
#pragma once

namespace lectern::media {

// For -format_whitelist: containers that hold their own media. Playlists, concat scripts and image sequences are absent, since they
// make FFmpeg open further addresses or files of the machine that reads them.
inline constexpr char kInputFormats[] =
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,mpeg,avi,flv,asf,ogg,wav,w64,aiff,caf,mp3,aac,ac3,eac3,flac,amr,mxf,h264,hevc,"
    "m4v,ivf,mpegvideo,dv,nut,rm";

}  // namespace lectern::media
