using System.Collections.Immutable;

namespace WireGate.Core.Configuration;

/// <summary>What clients do not get to see, and what they see in its place.</summary>
public sealed record MaskConfig
{
    /// <summary>Its unique name.</summary>
    public required string Name { get; init; }

    /// <summary>The columns whose values it hides.</summary>
    public ImmutableArray<ColumnPattern> Columns { get; init; } = [];

    /// <summary>The members of JSON in bodies of HTTP whose values it hides.</summary>
    public ImmutableArray<JsonPath> Json { get; init; } = [];

    /// <summary>What it hides wherever it is found.</summary>
    public ImmutableArray<MaskDetector> Detect { get; init; } = [];

    /// <summary>
    /// Whether <see cref="Detect"/> looks also at what the commands scp, rsync, git and sftp-server carry over SSH. What they find overwritten
    /// may be refused by the program on the other side. SFTP itself is left as it is.
    /// </summary>
    public bool LooksAtBinary { get; init; }

    /// <summary>What is shown in place of a value.</summary>
    public MaskStyle With { get; init; }

    /// <summary>What <see cref="MaskStyle.Fixed"/> shows; null: another style.</summary>
    public string? Fixed { get; init; }

    /// <summary>Whether a masked column may stand where its values could be guessed: in a condition, an order, a group.</summary>
    public bool AllowsPredicates { get; init; }

    /// <summary>What happens where it cannot be known which column or member a value is of.</summary>
    public MaskUnsure Unsure { get; init; }
}

/// <summary>What is shown in place of a value.</summary>
public enum MaskStyle
{
    /// <summary>A word that says that something was there. The default.</summary>
    Redact = 0,

    /// <summary>Nothing at all.</summary>
    Null,

    /// <summary>The last four characters.</summary>
    Last4,

    /// <summary>A little of it: enough to recognise, not enough to use.</summary>
    Partial,

    /// <summary>A keyed hash: the same for the same value.</summary>
    Hash,

    /// <summary>A text of the config.</summary>
    Fixed,
}

/// <summary>What happens where it cannot be known which column or member a value is of.</summary>
public enum MaskUnsure
{
    /// <summary>The operation is refused. The default.</summary>
    Deny = 0,

    /// <summary>The detectors look at every value.</summary>
    Detect,
}

/// <summary>What is recognised by its form.</summary>
public enum MaskDetector
{
    /// <summary>Card numbers with a valid check digit.</summary>
    CreditCard,

    /// <summary>International bank account numbers with valid check digits.</summary>
    Iban,

    /// <summary>Mail addresses.</summary>
    Email,

    /// <summary>Telephone numbers.</summary>
    Phone,

    /// <summary>Social security numbers of the USA.</summary>
    UsSsn,

    /// <summary>IPv4 and IPv6 addresses.</summary>
    Ip,

    /// <summary>JSON Web Tokens.</summary>
    Jwt,

    /// <summary>PEM private keys.</summary>
    PrivateKey,

    /// <summary>Keys of well-known services.</summary>
    ApiKey,
}
