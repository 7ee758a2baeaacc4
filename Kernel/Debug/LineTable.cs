// LineTable: from an address to file and line, for call traces.
//
// Linux has no such table in the kernel (scripts/faddr2line does it afterwards, from the debug file). The format is described in
// SymbolTableBlob.cs.
//
// Contexts: any, NMI and double fault included. No locks, no allocation: part of the tables that SymbolTable.Init takes.

using System;

namespace CSharpOS.Debugging;

/// <summary>Source lines of the kernel's code.</summary>
public static class LineTable
{
    /// <summary>Finds the source line of <paramref name="pc"/>. Any context. For a return address look up the address minus 1.</summary>
    /// <param name="pc">An address of code.</param>
    /// <param name="file">The path, relative to the root of the repository, in UTF-8.</param>
    /// <param name="line">The line, from 1.</param>
    /// <returns>False if no line is known, as for most assembly.</returns>
    public static bool Lookup(nuint pc, out ReadOnlySpan<byte> file, out int line)
    {
        file = default;
        line = 0;
        ref readonly SymbolTableBlob blob = ref SymbolTable.BlobOf(pc);
        if (!blob.Covers(pc))
        {
            return false;
        }

        uint target = (uint)(pc - blob.TextBase);
        uint count = blob.Header(SymbolTableBlob.LineCountWord);
        uint index = blob.Header(SymbolTableBlob.LineIndexWord);
        uint blocks = (count + SymbolTableBlob.RowsPerBlock - 1) / SymbolTableBlob.RowsPerBlock;
        if (!blob.FindBlock(index, blocks, target, out uint block))
        {
            return false;
        }

        uint address = blob.Word(index + (block * 8));
        uint next = blob.Header(SymbolTableBlob.LineDataWord) + blob.Word(index + (block * 8) + 4);
        uint rows = count - (block * SymbolTableBlob.RowsPerBlock);
        rows = rows < SymbolTableBlob.RowsPerBlock ? rows : SymbolTableBlob.RowsPerBlock;

        uint fileNumber = blob.Number(ref next);
        uint lineNumber = blob.Number(ref next);
        for (uint i = 1; i < rows; i++)
        {
            uint newFile = fileNumber;
            int lineStep;
            uint special = blob.Byte(next++);
            if (special != 0)
            {
                lineStep = (int)((special - 1) % SymbolTableBlob.LineSteps) + SymbolTableBlob.LowestLineStep;
                address += ((special - 1) / SymbolTableBlob.LineSteps) + 1;
            }
            else
            {
                address += blob.Number(ref next);
                uint packed = blob.Number(ref next);
                uint zigzag = packed >> 1;
                lineStep = (int)(zigzag >> 1) ^ -(int)(zigzag & 1);
                if ((packed & 1) != 0)
                {
                    newFile = blob.Number(ref next);
                }
            }

            if (address > target)
            {
                break;
            }

            fileNumber = newFile;
            lineNumber += (uint)lineStep;
        }

        if (fileNumber == 0 || fileNumber > blob.Header(SymbolTableBlob.FileCountWord))
        {
            return false;
        }

        uint path = blob.Word(blob.Header(SymbolTableBlob.FilesWord) + ((fileNumber - 1) * 4));
        uint length = blob.Number(ref path);
        file = blob.Text(path, length);
        line = (int)lineNumber;
        return true;
    }
}
