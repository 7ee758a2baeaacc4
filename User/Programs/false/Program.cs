// false: does nothing, unsuccessfully.

return 1;
