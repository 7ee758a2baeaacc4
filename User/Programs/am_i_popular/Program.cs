// am_i_popular: the book's system call that only those with CAP_SYS_NICE get a friendly answer from.

if (_syscall0(__NR_am_i_popular) < 0)
{
    Perror("am_i_popular");
    return 1;
}

Console.WriteLine("You are popular."u8);
return 0;
