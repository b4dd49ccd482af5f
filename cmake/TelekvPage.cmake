# telekv_embed_page(TARGET LAYER FOLDER files...): the files of src/LAYER/FOLDER become part of TARGET, as
# telekv::LAYER::find_page_file() of the generated header "LAYER/FOLDER_files.h".
add_custom_target(telekv_pages)  # what a linter needs to read the sources

function(telekv_embed_page target layer folder)
  set(source "${CMAKE_CURRENT_SOURCE_DIR}/${folder}")
  set(header "${CMAKE_CURRENT_BINARY_DIR}/generated/${layer}/${folder}_files.h")
  list(TRANSFORM ARGN PREPEND "${source}/" OUTPUT_VARIABLE sources)
  set(script "${PROJECT_SOURCE_DIR}/cmake/embed_page.cmake")
  add_custom_command(
    OUTPUT "${header}"
    COMMAND "${CMAKE_COMMAND}" "-DLAYER=${layer}" "-DFOLDER=${source}" "-DFILES=${ARGN}" "-DOUTPUT=${header}"
            -P "${script}"
    DEPENDS ${sources} "${script}"
    COMMENT "Embedding src/${layer}/${folder}" VERBATIM)
  target_sources(${target} PRIVATE "${header}")
  target_include_directories(${target} PRIVATE "${CMAKE_CURRENT_BINARY_DIR}/generated")
  add_custom_target(${target}_page DEPENDS "${header}")
  add_dependencies(${target} ${target}_page)
  add_dependencies(telekv_pages ${target}_page)
endfunction()
