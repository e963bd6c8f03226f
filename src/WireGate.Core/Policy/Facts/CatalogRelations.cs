using System.Collections.Frozen;
using System.Reflection;

namespace WireGate.Core.Policy.Facts;

/// <summary>Tables and views that pg_catalog has, whatever the server's version: <c>CatalogRelations.txt</c>.</summary>
internal static class CatalogRelations
{
    private static readonly FrozenSet<string> Names = Load();

    /// <summary>Whether pg_catalog has one of this name.</summary>
    internal static bool Contains(string name) => Names.Contains(name);

    private static FrozenSet<string> Load()
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("CatalogRelations.txt")!;
        using var reader = new StreamReader(stream);
        var names = new HashSet<string>(StringComparer.Ordinal);
        while (reader.ReadLine() is { } line)
        {
            if (line.Length > 0 && line[0] != '#')
            {
                names.Add(line);
            }
        }

        return names.ToFrozenSet(StringComparer.Ordinal);
    }
}
