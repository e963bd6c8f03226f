using System.Text.Json;

namespace WireGate.Core.Audit;

/// <summary>What is wrong with a chain.</summary>
public enum AuditFaultKind
{
    /// <summary>A segment's header is not one of this chain, or was changed.</summary>
    BadHeader,
    /// <summary>A record was changed.</summary>
    Edited,
    /// <summary>Records are not in the order in which they were appended, or one is there twice.</summary>
    Reordered,
    /// <summary>Records or segments are missing.</summary>
    Gap,
    /// <summary>A file is shorter than it was made.</summary>
    Truncated,
    /// <summary>
    /// The end is damaged where nothing was known to be on disk yet: a kill or a power cut does that. An edit of the last records cannot
    /// be told from it without a checkpoint held elsewhere.
    /// </summary>
    Torn,
}

/// <summary>The first thing that is wrong with a chain.</summary>
/// <param name="Kind">Its class.</param>
/// <param name="File">Path of the file.</param>
/// <param name="Sequence">The first sequence that cannot be relied on.</param>
/// <param name="Detail">The same for a person.</param>
public sealed record AuditFault(AuditFaultKind Kind, string File, long Sequence, string Detail)
{
    /// <summary>The class in kebab case, as it is printed.</summary>
    public string Class => JsonNamingPolicy.KebabCaseLower.ConvertName(Kind.ToString());

    /// <summary>One line: file, sequence, class, detail.</summary>
    public override string ToString() => $"{File}: record {Sequence}: {Class}: {Detail}";
}
