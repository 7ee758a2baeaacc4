// foo: the book's first system call of one's own. It gives the size of the kernel's stacks; its number comes from the list like every
// other.

int size = _syscall0(__NR_foo);
if (size < 0)
{
    Perror("foo");
    return 1;
}

Console.WriteLine($"The kernel stack size is {size}");
return 0;
