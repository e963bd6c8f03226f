using System.Security.Cryptography;
using WireGate.Core.Framing;
using WireGate.Ssh.Cryptography;
using WireGate.Ssh.Messages;

namespace WireGate.Ssh.KeyExchange;

/// <summary>
/// mlkem768x25519-sha256 (draft-ietf-sshm-mlkem-hybrid-kex): the client sends an encapsulation key and an X25519 key, the server a
/// ciphertext and its X25519 key. K is SHA-256 over both secrets, and goes as a string, not as a number, into the hashes.
/// </summary>
internal sealed class HybridAgreement() : KeyAgreement(HashAlgorithmName.SHA256)
{
    private readonly X25519 _classic = new();
    private MlKem768DecapsulationKey? _key;

    public override byte[] Begin()
    {
        _key = MlKem768DecapsulationKey.Generate();
        return [.. _key.EncapsulationKey, .. _classic.PublicKey];
    }

    public override byte[] Answer(ReadOnlySpan<byte> init, SshWriter secret)
    {
        byte[] answer = new byte[MlKem768.CiphertextLength + X25519.Length];
        Span<byte> secrets = stackalloc byte[MlKem768.SharedSecretLength + X25519.Length];
        if (init.Length != MlKem768.EncapsulationKeyLength + X25519.Length
            || !MlKem768.TryEncapsulate(
                init[..MlKem768.EncapsulationKeyLength], answer.AsSpan(0, MlKem768.CiphertextLength), secrets[..MlKem768.SharedSecretLength])
            || !_classic.TryAgree(init[MlKem768.EncapsulationKeyLength..], secrets[MlKem768.SharedSecretLength..]))
        {
            SshProtocolException.ThrowKeyExchange(Peer.Client, "a hybrid key that cannot be one");
        }

        _classic.PublicKey.CopyTo(answer.AsSpan(MlKem768.CiphertextLength));
        Combine(secrets, secret);
        return answer;
    }

    public override void Finish(ReadOnlySpan<byte> reply, SshWriter secret)
    {
        Span<byte> secrets = stackalloc byte[MlKem768.SharedSecretLength + X25519.Length];
        if (reply.Length != MlKem768.CiphertextLength + X25519.Length
            || !_classic.TryAgree(reply[MlKem768.CiphertextLength..], secrets[MlKem768.SharedSecretLength..]))
        {
            SshProtocolException.ThrowKeyExchange(Peer.Upstream, "a hybrid answer that cannot be one");
        }

        _key!.Decapsulate(reply[..MlKem768.CiphertextLength], secrets[..MlKem768.SharedSecretLength]);
        Combine(secrets, secret);
    }

    public override void Dispose()
    {
        _classic.Dispose();
        _key?.Dispose();
    }

    private static void Combine(Span<byte> secrets, SshWriter secret)
    {
        Span<byte> combined = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(secrets, combined);
        secret.String(combined);
        CryptographicOperations.ZeroMemory(secrets);
        CryptographicOperations.ZeroMemory(combined);
    }
}
