# lectern_protos(lectern_proto ROOT dir MESSAGES a.proto b.proto SERVICES b.proto)
# Generates C++ into <build>/gen, compiled without warnings and included as SYSTEM. SERVICES also get gRPC stubs: only files
# whose generated stub or service class is used, since each costs seconds. The descriptor set with comments is written to
# <build>/gen/lectern.binpb for tools that need documentation.
function(lectern_protos target)
  cmake_parse_arguments(P "" "ROOT" "MESSAGES;SERVICES" ${ARGN})
  set(gen "${PROJECT_BINARY_DIR}/gen")
  file(MAKE_DIRECTORY "${gen}")
  set(generated "")
  set(inputs "")
  foreach(proto IN LISTS P_MESSAGES)
    string(REGEX REPLACE "\\.proto$" "" stem "${proto}")
    set(outputs "${gen}/${stem}.pb.cc" "${gen}/${stem}.pb.h")
    set(grpc_args "")
    if(proto IN_LIST P_SERVICES)
      list(APPEND outputs "${gen}/${stem}.grpc.pb.cc" "${gen}/${stem}.grpc.pb.h")
      set(grpc_args "--grpc_out=${gen}" "--plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin>")
    endif()
    add_custom_command(OUTPUT ${outputs}
      COMMAND protobuf::protoc -I "${P_ROOT}" "--cpp_out=${gen}" ${grpc_args} "${P_ROOT}/${proto}"
      DEPENDS "${P_ROOT}/${proto}" VERBATIM)
    list(APPEND generated ${outputs})
    list(APPEND inputs "${P_ROOT}/${proto}")
  endforeach()
  add_custom_command(OUTPUT "${gen}/lectern.binpb"
    COMMAND protobuf::protoc -I "${P_ROOT}" --include_imports --include_source_info
            "--descriptor_set_out=${gen}/lectern.binpb" ${inputs}
    DEPENDS ${inputs} VERBATIM)
  add_custom_target(${target}_descriptors DEPENDS "${gen}/lectern.binpb")
  add_library(${target} STATIC ${generated})
  target_compile_options(${target} PRIVATE -w)
  target_include_directories(${target} SYSTEM PUBLIC "${gen}")
  target_link_libraries(${target} PUBLIC protobuf::libprotobuf gRPC::grpc++)
  set_target_properties(${target} PROPERTIES LECTERN_FLOOR 0 LECTERN_BUILDING proto)
endfunction()
