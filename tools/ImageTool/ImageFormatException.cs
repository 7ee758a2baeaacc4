// The one exception that bad input raises. Its message is one line that names what is wrong; Program prints it behind
// the file's name and exits with 1.

using System;

namespace CSharpOS.ImageTool;

/// <summary>An input file is not what it should be: not ELF, truncated, or without a section that is needed.</summary>
public sealed class ImageFormatException : Exception
{
    /// <summary>Makes one from a message, which stays one line even if a name from a damaged file is part of it.</summary>
    public ImageFormatException(string message)
        : base(string.Create(message.Length, message, (line, text) =>
        {
            for (int i = 0; i < line.Length; i++)
            {
                line[i] = char.IsControl(text[i]) ? '?' : text[i];
            }
        }))
    {
    }
}
