using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace WireGate.Http.Forward;

/// <summary>The names that an authority may sign for, as its certificate says them to whoever trusts it.</summary>
/// <remarks>
/// <code>
/// NameConstraints ::= SEQUENCE { permittedSubtrees [0] GeneralSubtrees OPTIONAL, excludedSubtrees [1] GeneralSubtrees OPTIONAL }
/// GeneralSubtrees ::= SEQUENCE SIZE (1..MAX) OF GeneralSubtree
/// GeneralSubtree  ::= SEQUENCE { base GeneralName, minimum [0] INTEGER DEFAULT 0, maximum [1] INTEGER OPTIONAL }
/// GeneralName     ::= CHOICE { …, dNSName [2] IA5String, …, iPAddress [7] OCTET STRING }       (RFC 5280 sections 4.2.1.6 and 4.2.1.10)
/// </code>
/// </remarks>
internal sealed class NameConstraints
{
    /// <summary>id-ce-nameConstraints</summary>
    public const string Oid = "2.5.29.30";

    private static readonly Asn1Tag Permitted = new(TagClass.ContextSpecific, 0), Excluded = new(TagClass.ContextSpecific, 1);
    private static readonly Asn1Tag DnsName = new(TagClass.ContextSpecific, 2), IpAddress = new(TagClass.ContextSpecific, 7);

    private readonly List<string> _permitted = [];
    private readonly List<string> _excluded = [];

    private NameConstraints()
    {
    }

    /// <summary>The permitted names, each with what is below it.</summary>
    public IReadOnlyList<string> Names => _permitted;

    /// <summary>Writes the extension: these names and nothing else that a server could be known by.</summary>
    public static X509Extension Write(IEnumerable<string> names)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence(Permitted))
            {
                foreach (string name in names)
                {
                    using (writer.PushSequence())
                    {
                        writer.WriteCharacterString(UniversalTagNumber.IA5String, name, DnsName);
                    }
                }
            }

            // A constraint of names says nothing of addresses, which a certificate may be for as well: none at all, as address and mask.
            using (writer.PushSequence(Excluded))
            {
                foreach (int bytes in (int[])[4, 16])
                {
                    using (writer.PushSequence())
                    {
                        writer.WriteOctetString(new byte[2 * bytes], IpAddress);
                    }
                }
            }
        }

        return new X509Extension(Oid, writer.Encode(), critical: true);
    }

    /// <summary>Reads those of a certificate.</summary>
    /// <returns>Null: it has none that every client heeds, or they permit any name.</returns>
    /// <exception cref="CryptographicException">They are none.</exception>
    public static NameConstraints? Of(X509Certificate2 certificate)
    {
        if (certificate.Extensions.FirstOrDefault(e => e.Oid?.Value == Oid) is not { Critical: true } extension)
        {
            return null;
        }

        var read = new NameConstraints();
        try
        {
            AsnReader all = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
            Read(all, Permitted, read._permitted);
            Read(all, Excluded, read._excluded);
        }
        catch (AsnContentException e)
        {
            throw new CryptographicException("its name constraints cannot be read", e);
        }

        return read._permitted.Count == 0 || read._permitted.Contains("") ? null : read;
    }

    /// <summary>Whether it may sign for a host.</summary>
    public bool Permits(string host) => _permitted.Exists(n => IsWithin(host, n)) && !_excluded.Exists(n => IsWithin(host, n));

    // "Any DNS name that can be constructed by simply adding zero or more labels to the left-hand side"; with a dot at its beginning, one or more.
    private static bool IsWithin(string host, string name) =>
        name.Length == 0 || host.Equals(name, StringComparison.OrdinalIgnoreCase)
        || (host.Length > name.Length && host.EndsWith(name, StringComparison.OrdinalIgnoreCase) && (name[0] == '.' || host[^(name.Length + 1)] == '.'));

    private static void Read(AsnReader all, Asn1Tag which, List<string> names)
    {
        if (!all.HasData || !all.PeekTag().HasSameClassAndValue(which))
        {
            return;
        }

        AsnReader subtrees = all.ReadSequence(which);
        while (subtrees.HasData)
        {
            AsnReader subtree = subtrees.ReadSequence();
            if (subtree.PeekTag().HasSameClassAndValue(DnsName))
            {
                names.Add(subtree.ReadCharacterString(UniversalTagNumber.IA5String, DnsName));
            }
        }
    }
}
