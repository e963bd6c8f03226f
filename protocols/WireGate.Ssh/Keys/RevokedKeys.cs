using System.Globalization;
using WireGate.Core.Framing;

namespace WireGate.Ssh.Keys;

/// <summary>
/// Keys and certificates that are not taken whatever vouches for them, in the words of ssh-keygen's revocation lists: a public key or its
/// fingerprint, which for an authority's means all of its certificates; a certificate's serial or id, of whatever authority.
/// </summary>
internal sealed class RevokedKeys
{
    private readonly HashSet<string> _fingerprints = new(StringComparer.Ordinal);
    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);
    private readonly List<(ulong First, ulong Last)> _serials = [];

    /// <summary>None.</summary>
    public static RevokedKeys None { get; } = new();

    private static ReadOnlySpan<byte> Krl => "SSHKRL\n"u8;

    /// <exception cref="KeyFileException">It is too long, binary, or a line of it cannot be read.</exception>
    public static RevokedKeys Parse(ReadOnlySpan<byte> file)
    {
        if (file.StartsWith(Krl))
        {
            throw new KeyFileException("it is a KRL in OpenSSH's binary form: write the list as text, as ssh-keygen -k reads it");
        }

        var revoked = new RevokedKeys();
        KeyLines.Parse(file, PublicKeyFile.MaxFileLength, line =>
        {
            revoked.Add(line);
            return (object?)null;
        });
        return revoked;
    }

    /// <summary>Whether a key is revoked, be it in a certificate or without one.</summary>
    public bool Has(SshPublicKey key) => _fingerprints.Contains(key.Fingerprint);

    /// <summary>Whether a certificate is revoked: itself, its key, or its authority.</summary>
    public bool Has(SshCertificate certificate) => Has(certificate.Key) || Has(certificate.Authority) || Has(certificate.KeyId, certificate.Serial);

    /// <summary>Whether a certificate of this id or serial is revoked.</summary>
    public bool Has(string keyId, ulong serial) => _ids.Contains(keyId) || _serials.Exists(range => serial >= range.First && serial <= range.Last);

    /// <summary>Whether the key of this fingerprint is revoked.</summary>
    public bool Has(string fingerprint) => _fingerprints.Contains(fingerprint);

    private void Add(string line)
    {
        int colon = line.IndexOf(':', StringComparison.Ordinal);
        string word = colon < 0 ? "" : line[..colon];
        string rest = colon < 0 ? "" : line[(colon + 1)..].Trim();
        switch (word.ToLowerInvariant())
        {
            case "serial":
                _serials.Add(ReadRange(rest));
                break;
            case "id" when rest.Length > 0:
                _ids.Add(rest);
                break;
            case "sha256" when word == "SHA256":
                _fingerprints.Add(ReadFingerprint(line));
                break;
            case "hash":
                _fingerprints.Add(ReadFingerprint(rest));
                break;
            case "key" or "sha256":
                _fingerprints.Add(ReadKey(rest));
                break;
            default:
                _fingerprints.Add(ReadKey(line));
                break;
        }
    }

    private static string ReadKey(string line)
    {
        ReadOnlySpan<char> rest = line;
        string type = KeyLines.NextWord(ref rest).ToString();
        return SshPublicKey.IsKnownType(type) ? SshPublicKey.ParseLine(Peer.Client, line).Fingerprint
            : SshCertificate.PlainName(type) is not null ? throw new KeyFileException("it is a certificate: revoke it by serial: or id:, or its key by its fingerprint")
            : throw new KeyFileException("neither a public key nor a fingerprint (SHA256:…) nor one of serial:, id:, key:, sha256: and hash:");
    }

    private static string ReadFingerprint(string text)
    {
        const string Prefix = "SHA256:";
        Span<byte> hash = stackalloc byte[48];
        string base64 = text.StartsWith(Prefix, StringComparison.Ordinal) ? KeyLines.WordOf(text)[Prefix.Length..].TrimEnd('=') : "";
        return Convert.TryFromBase64String($"{base64}=", hash, out int length) && length == 32
            ? Prefix + base64
            : throw new KeyFileException("not a fingerprint as ssh-keygen -l prints it: SHA256: and 43 characters");
    }

    private static (ulong First, ulong Last) ReadRange(string text)
    {
        string[] ends = text.Split('-');
        return ends.Length <= 2 && TryReadSerial(ends[0], out ulong first) && TryReadSerial(ends[^1], out ulong last) && first > 0 && first <= last
            ? (first, last)
            : throw new KeyFileException("not a serial number, or two with - between them; certificates without one have 0, and are revoked by id: or key:");
    }

    private static bool TryReadSerial(string text, out ulong serial)
    {
        string digits = text.Trim();
        return digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? ulong.TryParse(digits.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out serial)
            : ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out serial);
    }
}
