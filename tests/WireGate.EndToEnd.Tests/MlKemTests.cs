using System.Security.Cryptography;
using WireGate.EndToEnd.Tests.Harness;
using WireGate.Ssh.Cryptography;

namespace WireGate.EndToEnd.Tests;

/// <summary>Our ML-KEM-768 against another's, which is in Clients/. What the platform has takes no part.</summary>
internal sealed class MlKemTests
{
    private const int Count = 200;

    [Test]
    public async Task Reads_what_another_encapsulates()
    {
        MlKem768DecapsulationKey[] keys = [.. Enumerable.Range(0, Count).Select(_ => MlKem768DecapsulationKey.FromSeeds(Random(), Random()))];
        string[][] answers = await AskAsync(keys.Select(k => $"encapsulate {Hex(k.EncapsulationKey)}"));

        foreach ((MlKem768DecapsulationKey key, string[] answer) in keys.Zip(answers))
        {
            Assert.That(Decapsulate(key, Bytes(answer[0])), Is.EqualTo(answer[1]));
            key.Dispose();
        }
    }

    [Test]
    public async Task Encapsulates_what_another_reads_and_both_make_the_same_of_what_was_changed()
    {
        string[][] keys = await AskAsync(Enumerable.Repeat("generate", Count));
        List<string> calls = [];
        List<string> secrets = [];
        foreach (string[] pair in keys)
        {
            byte[] ciphertext = new byte[MlKem768.CiphertextLength];
            byte[] secret = new byte[MlKem768.SharedSecretLength];
            MlKem768.Encapsulate(Bytes(pair[0]), Random(), ciphertext, secret);
            calls.Add($"decapsulate {pair[1]} {Hex(ciphertext)}");
            secrets.Add(Hex(secret));

            using var key = MlKem768DecapsulationKey.FromKey(Bytes(pair[1]));
            ciphertext[calls.Count] ^= 1;
            calls.Add($"decapsulate {pair[1]} {Hex(ciphertext)}");
            secrets.Add(Decapsulate(key, ciphertext));
        }

        string[][] answers = await AskAsync(calls);

        Assert.That(answers.Select(a => a[0]), Is.EqualTo(secrets));
        Assert.That(secrets, Is.Unique);
    }

    private static async Task<string[][]> AskAsync(IEnumerable<string> calls)
    {
        ToolResult result = await Tools.NodeAsync("ml_kem.js", string.Join('\n', calls));
        return [.. result.Succeeded().Output.TrimEnd().Split('\n').Select(line => line.Split(' '))];
    }

    private static string Decapsulate(MlKem768DecapsulationKey key, byte[] ciphertext)
    {
        byte[] secret = new byte[MlKem768.SharedSecretLength];
        key.Decapsulate(ciphertext, secret);
        return Hex(secret);
    }

    private static byte[] Random() => RandomNumberGenerator.GetBytes(32);

    private static byte[] Bytes(string hex) => Convert.FromHexString(hex);

    private static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(bytes);
}
