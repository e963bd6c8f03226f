namespace WireGate.Configuration;

/// <summary>
/// Makes one config of several files. Sections (the top keys) that are lists are put one after the other, sections that are maps share
/// their entries; whatever two files both say is an error, so it does not matter which one is read first.
/// </summary>
internal static class ConfigMerge
{
    public static MapNode Merge(IReadOnlyList<MapNode> roots, ReadContext context)
    {
        var sections = new Dictionary<string, MapEntry>(StringComparer.Ordinal);
        foreach (MapEntry entry in roots.SelectMany(r => r.Entries))
        {
            sections[entry.Key] = sections.TryGetValue(entry.Key, out MapEntry? first) ? Merge(first, entry, context) : entry;
        }

        return new MapNode(roots[0].Position, "", "", [.. sections.Values]);
    }

    private static MapEntry Merge(MapEntry first, MapEntry second, ReadContext context)
    {
        switch (first.Value, second.Value)
        {
            case (ListNode a, ListNode b):
                return first with { Value = a with { Items = [.. a.Items, .. b.Items] } };
            case (MapNode a, MapNode b):
                var entries = a.Entries.ToList();
                foreach (MapEntry entry in b.Entries)
                {
                    if (entries.Find(e => e.Key == entry.Key) is { } same)
                    {
                        Duplicate(entry, same, context);
                    }
                    else
                    {
                        entries.Add(entry);
                    }
                }

                return first with { Value = a with { Entries = entries } };
            default:
                Duplicate(second, first, context);
                return first;
        }
    }

    private static void Duplicate(MapEntry entry, MapEntry first, ReadContext context) =>
        context.Report(entry.KeyPosition, entry.Value.Path, $"duplicate key, the first is at {first.KeyPosition}: keep one");
}
