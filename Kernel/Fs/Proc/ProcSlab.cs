// ProcSlab: /proc/slabinfo: a line for each cache.
//
// Linux: s_show of mm/slab.c, version 2.1 of the format. Process context. All lines are made with the list of caches locked, so that each cache that is there
// all the while is there once, whatever comes and goes meanwhile; nothing is allocated under that lock, since the text is made in memory that the reader has.
// What Linux calls shared (objects that the CPUs of a node have together) does not exist here: 0.

namespace CSharpOS.Fs;

/// <summary>The file slabinfo.</summary>
/// <rows>MM-01</rows>
internal static unsafe class ProcSlab
{
    /// <linux>slabinfo_show</linux>
    internal static int Show(TextArea* text, void* unused)
    {
        text->Append("slabinfo - version: 2.1\n"u8);
        text->Append("# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>"u8);
        text->Append(" : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>\n"u8);
        Slab.ForEach(&Line, text);
        return 0;
    }

    private static void Line(SlabInfo* cache, void* to)
    {
        var text = (TextArea*)to;
        text->Append($"{cache->Name,-17} {cache->ActiveObjects,6} {cache->TotalObjects,6} {cache->Stride,6} {cache->ObjectsPerSlab,4} {cache->PagesPerSlab,4}");
        text->Append($" : tunables {cache->Limit,4} {cache->Batch,4} {0,4} : slabdata {cache->ActiveSlabs,6} {cache->Slabs,6} {0,6}\n");
    }
}
