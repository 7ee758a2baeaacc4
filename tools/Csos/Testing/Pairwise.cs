// Which pairs of values a table covers, and which it misses.

namespace CSharpOS.Tool.Testing;

/// <summary>Pairwise coverage of a table.</summary>
public static class Pairwise
{
    /// <summary>The pairs that could stand together and stand together in no row.</summary>
    /// <param name="columns">The columns and their values.</param>
    /// <param name="rows">The rows, a value per column.</param>
    /// <param name="allowed">Can two values of two columns stand in one row?</param>
    public static IReadOnlyList<string> Missing(
        IReadOnlyList<(string Name, string[] Values)> columns,
        IReadOnlyList<string[]> rows,
        Func<string, string, string, string, bool> allowed)
    {
        List<string> missing = [];
        for (int left = 0; left < columns.Count; left++)
        {
            for (int right = left + 1; right < columns.Count; right++)
            {
                foreach (string value in columns[left].Values)
                {
                    foreach (string other in columns[right].Values)
                    {
                        if (allowed(columns[left].Name, value, columns[right].Name, other)
                            && !rows.Any(row => row[left] == value && row[right] == other))
                        {
                            missing.Add($"{columns[left].Name}={value} with {columns[right].Name}={other}");
                        }
                    }
                }
            }
        }

        return missing;
    }

    /// <summary>The rows in which two values stand that cannot go together, or a value that no column has.</summary>
    public static IReadOnlyList<string> Impossible(
        IReadOnlyList<(string Name, string[] Values)> columns,
        IReadOnlyList<string[]> rows,
        Func<string, string, string, string, bool> allowed)
    {
        List<string> impossible = [];
        foreach (string[] row in rows)
        {
            bool fits = row.Length == columns.Count && row.Zip(columns).All(pair => pair.Second.Values.Contains(pair.First));
            for (int left = 0; fits && left < row.Length; left++)
            {
                for (int right = left + 1; right < row.Length; right++)
                {
                    fits &= allowed(columns[left].Name, row[left], columns[right].Name, row[right]);
                }
            }

            if (!fits)
            {
                impossible.Add(string.Join(' ', row));
            }
        }

        return impossible;
    }
}
