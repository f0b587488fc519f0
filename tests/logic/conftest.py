"""Its folder is on the path of every test below it, so that these find the suites and the generators."""
