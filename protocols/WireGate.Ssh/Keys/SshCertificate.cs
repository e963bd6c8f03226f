using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Net;
using System.Text;
using WireGate.Core.Framing;
using WireGate.Ssh.Messages;

namespace WireGate.Ssh.Keys;

/// <summary>
/// An OpenSSH certificate: a public key with what an authority says about it. What it says counts for nothing before
/// <see cref="CheckUser"/> or <see cref="CheckHost"/> has answered <see cref="CertificateStatus.Valid"/>.
/// </summary>
internal sealed class SshCertificate
{
    /// <summary>What the type of a certificate adds to its key's.</summary>
    public const string TypeSuffix = "-cert-v01@openssh.com";

    public const string ForceCommandOption = "force-command";
    public const string SourceAddressOption = "source-address";
    public const string VerifyRequiredOption = "verify-required";

    private const string VendorSuffix = "@openssh.com";

    // OpenSSH's own limit.
    private const int MaxPrincipals = 256;

    private readonly byte[] _blob;
    private readonly byte[] _signature;
    private readonly int _signedLength;

    private SshCertificate(Peer peer, ReadOnlySpan<byte> blob)
    {
        _blob = blob.ToArray();
        var reader = new SshReader(peer, blob);
        KeyType = Encoding.ASCII.GetString(reader.ReadString());
        string keyType = PlainName(KeyType) ?? throw new ProtocolException(peer, "a certificate of a type that is none");
        reader.ReadString();
        Key = SshPublicKey.Read(peer, keyType, ref reader);
        Serial = reader.ReadUInt64();
        Type = (CertificateType)reader.ReadUInt32();
        if (Type is not (CertificateType.User or CertificateType.Host))
        {
            ProtocolException.Throw(peer, "a certificate that is neither a user's nor a host's");
        }

        KeyId = Text(peer, reader.ReadString());
        Principals = ReadPrincipals(peer, reader.ReadString());
        ValidAfter = reader.ReadUInt64();
        ValidBefore = reader.ReadUInt64();
        CriticalOptions = ReadOptions(peer, reader.ReadString());
        Extensions = ReadOptions(peer, reader.ReadString());
        reader.ReadString();
        Authority = SshPublicKey.Parse(peer, reader.ReadString());
        _signedLength = blob.Length - reader.Remaining;
        _signature = reader.ReadString().ToArray();
        reader.End();
        SignatureAlgorithm = Encoding.ASCII.GetString(new SshReader(peer, _signature).ReadString());
    }

    public ReadOnlyMemory<byte> Blob => _blob;

    /// <summary>The name its blob begins with: its key's with <see cref="TypeSuffix"/>.</summary>
    public string KeyType { get; }

    /// <summary>The key that is certified.</summary>
    public SshPublicKey Key { get; }

    /// <summary>Who certifies it.</summary>
    public SshPublicKey Authority { get; }

    /// <summary>What the authority signed with.</summary>
    public string SignatureAlgorithm { get; }

    public CertificateType Type { get; }

    public ulong Serial { get; }

    /// <summary>What the authority calls it, for logs.</summary>
    public string KeyId { get; }

    /// <summary>The users, or hosts, that it is for.</summary>
    public ImmutableArray<string> Principals { get; }

    /// <summary>Seconds since 1970: the first at which it is valid.</summary>
    public ulong ValidAfter { get; }

    /// <summary>Seconds since 1970: the first at which it no longer is; all ones: for ever.</summary>
    public ulong ValidBefore { get; }

    /// <summary>What whoever accepts it must see to.</summary>
    public FrozenDictionary<string, string> CriticalOptions { get; }

    /// <summary>What it allows, such as <c>permit-pty</c>: what is not here is not allowed. Unknown ones say nothing.</summary>
    public FrozenDictionary<string, string> Extensions { get; }

    /// <summary>The only command that may be run with it; null: any.</summary>
    public string? ForceCommand => CriticalOptions.GetValueOrDefault(ForceCommandOption);

    /// <summary>True: the security key must say <see cref="SkFlags.UserVerified"/>.</summary>
    public bool RequiresUserVerification => CriticalOptions.ContainsKey(VerifyRequiredOption);

    /// <summary>Reads a certificate; whether it is to be believed is another question.</summary>
    /// <exception cref="ProtocolException">It is none, or of a key that may not sign here.</exception>
    public static SshCertificate Parse(Peer peer, ReadOnlySpan<byte> blob) => new(peer, blob);

    /// <summary>Of the name of a certificate's type or signature algorithm, that of its key.</summary>
    /// <returns>Null: it is no such name.</returns>
    public static string? PlainName(string name) =>
        !name.EndsWith(TypeSuffix, StringComparison.Ordinal) ? null
        : name.StartsWith("sk-", StringComparison.Ordinal) ? name[..^TypeSuffix.Length] + VendorSuffix
        : name[..^TypeSuffix.Length];

    /// <summary>Of the name of a key's type or signature algorithm, that of its certificates.</summary>
    public static string CertificateName(string name) =>
        (name.EndsWith(VendorSuffix, StringComparison.Ordinal) ? name[..^VendorSuffix.Length] : name) + TypeSuffix;

    /// <summary>
    /// Whether it lets a user in. <see cref="ForceCommand"/>, <see cref="RequiresUserVerification"/> and extensions are for the caller to see to.
    /// </summary>
    /// <param name="authorities">Those that are trusted with users.</param>
    /// <param name="principal">Whom it must be for; null: the caller looks at <see cref="Principals"/> itself.</param>
    /// <param name="source">Where the user comes from; null: unknown, which <c>source-address</c> refuses.</param>
    /// <param name="now">The time.</param>
    public CertificateStatus CheckUser(IReadOnlyCollection<SshPublicKey> authorities, string? principal, IPAddress? source, DateTimeOffset now)
    {
        CertificateStatus status = Check(CertificateType.User, authorities, now);
        return status != CertificateStatus.Valid ? status
            : principal is not null && !Principals.Contains(principal) ? CertificateStatus.WrongPrincipal
            : CriticalOptions.Keys.Any(name => name is not (ForceCommandOption or SourceAddressOption or VerifyRequiredOption))
                ? CertificateStatus.UnknownCriticalOption
            : CriticalOptions.TryGetValue(SourceAddressOption, out string? networks) && !SourceAddresses.Contain(networks, source)
                ? CertificateStatus.WrongSource
            : CertificateStatus.Valid;
    }

    /// <summary>Whether it is the host's. A host's certificate has no critical options: none are defined.</summary>
    /// <param name="authorities">Those that are trusted with this host.</param>
    /// <param name="host">Its name or address, without a port.</param>
    /// <param name="now">The time.</param>
    public CertificateStatus CheckHost(IReadOnlyCollection<SshPublicKey> authorities, string host, DateTimeOffset now)
    {
        CertificateStatus status = Check(CertificateType.Host, authorities, now);
        string name = host.ToLowerInvariant();
        return status != CertificateStatus.Valid ? status
            : !Principals.Any(principal => HostPattern.Matches(principal.ToLowerInvariant(), name)) ? CertificateStatus.WrongPrincipal
            : CriticalOptions.Count > 0 ? CertificateStatus.UnknownCriticalOption
            : CertificateStatus.Valid;
    }

    /// <summary>Checks a signature of the certified key.</summary>
    /// <param name="algorithm">The certificate's name for it, such as <c>rsa-sha2-512-cert-v01@openssh.com</c>; in the signature stands the key's.</param>
    /// <param name="data">What was signed.</param>
    /// <param name="signatureBlob">The signature with its name.</param>
    /// <param name="flags">As of <see cref="SshPublicKey.Verify"/>.</param>
    /// <exception cref="ProtocolException">It can be no signature of this key.</exception>
    public bool Verify(string algorithm, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signatureBlob, out SkFlags flags) =>
        Key.Verify(PlainName(algorithm) ?? string.Empty, data, signatureBlob, out flags);

    private CertificateStatus Check(CertificateType type, IReadOnlyCollection<SshPublicKey> authorities, DateTimeOffset now)
    {
        // The authority before its signature: nobody has us compute for a key of their own.
        long seconds = now.ToUnixTimeSeconds();
        return Type != type ? CertificateStatus.WrongType
            : !authorities.Contains(Authority) ? CertificateStatus.UntrustedAuthority
            : !Authority.SignatureAlgorithms.Contains(SignatureAlgorithm)
                || !Authority.Verify(SignatureAlgorithm, _blob.AsSpan(0, _signedLength), _signature, out _) ? CertificateStatus.BadSignature
            : seconds < 0 || (ulong)seconds < ValidAfter ? CertificateStatus.NotYetValid
            : (ulong)seconds >= ValidBefore ? CertificateStatus.Expired
            : Principals.IsEmpty ? CertificateStatus.NoPrincipals
            : CertificateStatus.Valid;
    }

    private static ImmutableArray<string> ReadPrincipals(Peer peer, ReadOnlySpan<byte> bytes)
    {
        ImmutableArray<string>.Builder principals = ImmutableArray.CreateBuilder<string>();
        var reader = new SshReader(peer, bytes);
        while (reader.Remaining > 0)
        {
            string principal = Text(peer, reader.ReadString());
            if (principal.Length == 0 || principals.Count == MaxPrincipals)
            {
                ProtocolException.Throw(peer, "a certificate with an empty principal or too many");
            }

            principals.Add(principal);
        }

        return principals.ToImmutable();
    }

    /// <summary>Names, in order and each once, with data that are nothing or a string in the string.</summary>
    private static FrozenDictionary<string, string> ReadOptions(Peer peer, ReadOnlySpan<byte> bytes)
    {
        var options = new Dictionary<string, string>(StringComparer.Ordinal);
        var reader = new SshReader(peer, bytes);
        string? last = null;
        while (reader.Remaining > 0)
        {
            string name = Text(peer, reader.ReadString());
            if (last is not null && string.CompareOrdinal(last, name) >= 0)
            {
                ProtocolException.Throw(peer, "a certificate whose options are not in order, or there twice");
            }

            last = name;
            ReadOnlySpan<byte> data = reader.ReadString();
            string value = string.Empty;
            if (!data.IsEmpty)
            {
                var inner = new SshReader(peer, data);
                value = Text(peer, inner.ReadString());
                inner.End();
            }

            options.Add(name, value);
        }

        return options.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static string Text(Peer peer, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Contains((byte)0) || !System.Text.Unicode.Utf8.IsValid(bytes))
        {
            ProtocolException.Throw(peer, "a certificate with a text that is none");
        }

        return Encoding.UTF8.GetString(bytes);
    }
}
