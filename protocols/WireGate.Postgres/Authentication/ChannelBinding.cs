using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace WireGate.Postgres.Authentication;

/// <summary>The channel binding tls-server-end-point of RFC 5929: a hash over the server's certificate.</summary>
internal static class ChannelBinding
{
    /// <summary>The binding's name in a GS2 header.</summary>
    public const string Type = "tls-server-end-point";

    /// <summary>
    /// Hashes the certificate with the hash of its own signature algorithm; SHA-256 where that is MD5 or SHA-1.
    /// </summary>
    /// <returns>Empty: the algorithm has no one hash (Ed25519, Ed448) or is not known, and no channel binding is possible.</returns>
    public static byte[] EndPointHash(X509Certificate2 certificate)
    {
        byte[] der = certificate.RawData;
        return HashName(certificate.SignatureAlgorithm.Value, der)?.Name switch
        {
            "SHA256" => SHA256.HashData(der),
            "SHA384" => SHA384.HashData(der),
            "SHA512" => SHA512.HashData(der),
            _ => [],
        };
    }

    private static HashAlgorithmName? HashName(string? signatureAlgorithm, byte[] der) => signatureAlgorithm switch
    {
        // md5, sha1 and sha256 with RSA; ecdsa with SHA1 and SHA256; dsa with SHA1 and SHA256
        "1.2.840.113549.1.1.4" or "1.2.840.113549.1.1.5" or "1.2.840.113549.1.1.11"
            or "1.2.840.10045.4.1" or "1.2.840.10045.4.3.2"
            or "1.2.840.10040.4.3" or "2.16.840.1.101.3.4.3.2" => HashAlgorithmName.SHA256,
        "1.2.840.113549.1.1.12" or "1.2.840.10045.4.3.3" => HashAlgorithmName.SHA384,
        "1.2.840.113549.1.1.13" or "1.2.840.10045.4.3.4" => HashAlgorithmName.SHA512,
        "1.2.840.113549.1.1.10" => PssHashName(der),
        _ => null,
    };

    // Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { OID, RSASSA-PSS-params }, signatureValue }
    // RSASSA-PSS-params ::= SEQUENCE { [0] hashAlgorithm SEQUENCE { OID … } DEFAULT sha1, … }
    private static HashAlgorithmName? PssHashName(byte[] der)
    {
        try
        {
            AsnReader certificate = new AsnReader(der, AsnEncodingRules.DER).ReadSequence();
            certificate.ReadEncodedValue();
            AsnReader algorithm = certificate.ReadSequence();
            algorithm.ReadObjectIdentifier();
            AsnReader parameters = algorithm.ReadSequence();
            var hashTag = new Asn1Tag(TagClass.ContextSpecific, 0, isConstructed: true);
            if (!parameters.HasData || !parameters.PeekTag().HasSameClassAndValue(hashTag))
            {
                return HashAlgorithmName.SHA256;
            }

            return parameters.ReadSequence(hashTag).ReadSequence().ReadObjectIdentifier() switch
            {
                "1.3.14.3.2.26" or "2.16.840.1.101.3.4.2.1" => HashAlgorithmName.SHA256,
                "2.16.840.1.101.3.4.2.2" => HashAlgorithmName.SHA384,
                "2.16.840.1.101.3.4.2.3" => HashAlgorithmName.SHA512,
                _ => null,
            };
        }
        catch (AsnContentException)
        {
            return null;
        }
    }
}
