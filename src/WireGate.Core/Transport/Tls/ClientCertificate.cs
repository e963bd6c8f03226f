using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using WireGate.Core.Credentials;

namespace WireGate.Core.Transport.Tls;

/// <summary>A certificate of ours whose key is a secret, made ready to be shown to an upstream.</summary>
public static class ClientCertificate
{
    /// <summary>Puts certificate and key together.</summary>
    /// <param name="path">PEM file of the chain, leaf first.</param>
    /// <param name="key">The key in PEM; borrowed.</param>
    /// <exception cref="CryptographicException">One of them is not what it should be, or they do not belong together.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static SslStreamCertificateContext Load(string path, Secret key)
    {
        ArgumentNullException.ThrowIfNull(key);
        string pem = File.ReadAllText(path);
        char[] text = GC.AllocateUninitializedArray<char>(key.Length, pinned: true);
        try
        {
            Encoding.Latin1.GetChars(key.Span, text);
            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(pem);
            return SslStreamCertificateContext.Create(X509Certificate2.CreateFromPem(pem, text), chain, offline: true);
        }
        catch (ArgumentException e)
        {
            throw new CryptographicException("the key is none in PEM", e);
        }
        finally
        {
            Array.Clear(text);
        }
    }
}
