// true: does nothing, successfully.

return 0;
