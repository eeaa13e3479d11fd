/**
 * HDF5 files as h5py 3.16 writes them, where h5wasm cannot: other orders of bytes, kinds of storage, newer formats of the file.
 * Deflated, because such files are mostly zeros.
 */
import { inflateSync } from 'node:zlib';
import { text, zipBytes } from './checkpoints';

const unpack = (...lines: readonly string[]): Uint8Array =>
  Uint8Array.from(inflateSync(Buffer.from(lines.join(''), 'base64')));

/** Values of every type and storage, and links out, in the oldest format. Numbers are [[1, -2, 0], [0.5, 0, 4]] where they can be. */
export const everyKind = unpack(
  'eNrtXWtoHFUUPndmH9OkNtta29UqrqgYFU2rbSlWzbYm6xarBjfVYtV2s9nNxqSbNbsx64uu4o+If0QRQ/VHFIRSqAgiqCgG8REVsYiK+kOCIt',
  'YHEvWPT+J9ndmZ2d3Z1WzJpt4Pkjv33jP3cfbcO+ecOTPzULQrclLLaS3AYBjggQBYMS/xxaA9j/X7ZEpkOiHTQxqWe4AdBmV5QLY/I+ujsrz3',
  'hu5uoLTzDmA/6z0i3SLzPetlucwXe0VakPnCLSKdBIUTAdHubT1c3qSgHZXlv+0WqWZKWDou0j/i1vNbwDBlFCWxHhDwivMI5ttFqhHZr4AOUD',
  'Gv03ExypVnnQlChEOw1oC1B2S9V45L00SDhpyHTughR9AxosKi/g6x667vYms6VCcb5SQgpLvTYTMFrzsdrv/dpy9teW6cXHVKHodhYytsnNdr',
  'yVXQsO+czSFXjB9aI/gRapN1AWjxQktbzXUWlfxY3mT8IHweIcv8vHx+lfcR3B+DjuvxMb+93Y5kPtGRjedy4/0831kEmJZ1nTIN07LOOXE87R',
  'hX56w9H8aFezknZcuzix3iOu0Scyl28mraQzFM/zqhrNdiuHBbYh/c7/P5/tSXg3cHKcZePP91Vlgs+u7x+UFfRuCtO86b8bGf70eHflBo+3x+',
  'mrBVQOY6w17KtumQPks5ODu9dgpIICzI5sw5MgalzxAZjxQozAuhmg2ry66CgoKCwgmKxumhNfQu3aF3aXpgZalJrdT04updzA/BNC+nH8KodZ',
  '5ht3fAwS/ELUbleq0KvYKCgoKCgoKCwlLRo4WeSwhx6MuYtnPSoCZOCRh4qgGRbTtj3VwX3dUtG3PxX/Yb9pYRi+2/9C3QrhDzPUXWVZ//QEX/',
  '7XIIm+NYTan783dlkzR/Kv09AiDuNxCLxo7+UpZDN6AoCzeEH1dfdf1OAmDe6LD2x9CXGh6J5zdsRj7ESowUsDpuC5xNxGFGYD7oyGMrrOzc9a',
  '8eqMj3vj6Rehzdxh3zCLepta6goKCgoKCgoKCgoKCgUA0Lv88a4MeaNmmL6KruF8lViR8tNgk/hH8ouOB4vxpxtQT5EjLPqxaAxv6vsviD/vze',
  'O7TYfjSM65NhzmY84HSHnW4sK9JccjjF0vhAfDBTEjczHq9eRGKxbghJpxCJALzCWlrx+MQp7ueJ+GCv+VzA5IYa85Np+iJ3Opx/4WJ3ukNIf7',
  'M7HUa/Rtc1637ha0xcRq31IeMyWqGH54mO7Rk8BjWXHkulhpMWv6Ao70+mhuP5UrkuHZuUNp9IJ0cvvUSUW+I9Dl0C5tJivXjsEu2OanEZNcQR',
  'Hpa74MlQ6rwSpgwn/+389KhLmIKCgoKCgoLCErG7fQu2uzE+w2PRV8v156zQn2U/Pn7easgl4sPJkVQql8zb2vdZ9EpSQzd1g0W/nruiNAWLfm',
  '1U0KNJmR59Wo1+XqgSt6z0YwUFBQUFBQUFpUdX1qPRH13jfRWmPt1u06fhPlavw/DdKVPf9JKSH9+iB2/ZYdeDpeYabSg/qunRtV5L8kENPdpQ',
  'oqagoKCgoKCgcILr0fbnBNEv7CvTm+t7f6Af9WYQ7xCb8VfWK4NOvZmgBuuMF9t9XPkh4oX85ngmfO70RZnO7HKnk+FQ0F5D7Z+W6dHb3OleQv',
  'pb3elmZDq7150Oo8qysWazz+qLFzJkvI9Hx6clRYvl8XPZRVpn7s/jwnsHt1rTf7vOytcNtA/9ZB3BRJPtO8eJH2Xv9dGQIcd0222hiabcj/sG',
  'B3ioGk03bwT29lgRP0nzGzYn0mOZoRynSw3HB9hR36iIq5SPE0NiZP/+wXw+2S/bo/lsPJGHRDqZGKKl/P4frUS/xchYPjfYn4TbRwYzrHwsMz',
  '7Kzs/I8838VaJv1t5wsgD5ZCHP+s+M5NODmQGaZnj/MjHvHT6yROTNec9Tpzs7O16jiUekR+vsp5I/abBOX0qlc6uv8+9kc84X3oYawg+tbF8W',
  '66/a8+qlcYJjnL8blcfVXOsP44TTeL283J3+eZmm97jThWU66XenQ258dqM7Hb4//NhNzapPOuXKQDnSGnRdq8KRpcIPux4EDr0H/qseVDe/Ck',
  '0pH2TB8z11maDwLDH5ILbvEayU+/movIBPdRyffiM3RHvAzxem5QKCMhPBa0mf4zKgVbbaasFjOZPIX5XAFwNYdnTdxCPbe6Nd4qXbrbSkv320',
  'D/vAXn5/v31TJEapIOK4WpOy/nqonIfMmqC8LYNRRZgue+nlm7f37oyA178i0ArP8gvbOzcdWQOf0MMV8OS6p0+Hr+lhG6T+OnA2eAgrffeCqY',
  'vgMW5cfDrR3wHdhBFkT5q+Es4h7Cfc+5W/G3rp4Wp48LU7r4Y9nPbD9K5rYSvvYuu3+T3wCy/9e6otCS/yLubuuPd2WEVY6XWjsf3wFO/t7l/O',
  'zUCasEEnD76Rg2t4C5//2jIO+4F18VTih4fhTS47lz17ZBLu5+3uOKf9IzhMGO3Z3wx9Bpv44bYvP/4SLuQtrHru15/hAd7uprboPH+zzRrYe3',
  'jL+P/LAyK+9EGqfunj0VR92pvCiQmhGep1e4RwO53bZ9+bnDs6ytO+/wkfI9Gu7ebHUBie2Pv2MwRarZat+TIqL7eD8SMdIr95I36Mg+WZ3Ysf',
  '3SDgl/YtPt5HYJlpCeOjfIxKWMP40J4sofYsPp5HW+aWNT6GR8DDLHD8zQn4hKGM7j4qGNSSRqcepWZ2MPruaPPSPEYvHSWn9eiLo/XS/EavG2',
  '1fGOhoftDxcEsbzQzaA7P00Zqg0zQNdLQcCLQ5jHa0FYgR9sTH43cF7G/v6ijQGuLJjaTyHuig46OdDoyOjGXnGiqa/wCQEGWm',
);

/** Groups and chunks with the indexes of the newest format; every value is its place less 5. */
export const newestFormat = unpack(
  'eNrtWwtQVGUUPnfv3WW5oOzyDiKQh4OauKAIpibLYwdfIyJamTpALIoBEtCw2oxtmo6mJlaYk45DvqKHZpmPxAem+Gx0nIRRJ3vYYI6o41RaiW',
  'b/vff/l7t7Qdi4U9t6z3Lm/++55/7/uec79/7nP7sszUw39WJDWFqrBUIPMDUmCccGLI/6br1+QmZ6tgosKl+xIiFWBRSARg+o0RTnzTWXV+zA',
  '1+p0AHsChH4ilmHFiqLSmcXm/Ags1HFCdWGRxVxQ2odoEtP2Tmuu5k3w/kIVyUtoFp9aFiS0YcFCm4ZbwShE8+E/p8r7VRu678Eqc9HMWZW3KX',
  'xxmiwmPGj9+ABvAgUU5Q+goihK4+Bm2h8ofUQ4MPxRBARpIehV1FMj62hWiyynKcDxEkwG3g7/OxpwIfBTZ+F4nZYVjsLcv/bJAUewG8CxfuCH',
  'e52Fw08tKxx+38w9JQccBjeAwzwcXnIWjg0aWeEITVxglAOOTDeA47HNB85mGDPTAbQRjI5hu9JnHNrFUXidLB57TaxX2wBgRZyCGLj+QXwiBf',
  '0htiKuRdyA+AfEOiPyMmID4hTEWYhzEVsRL0FcjXgN4lrEdcb28ayj7Mck44HRfkwyXpnDmGS87Yj3IG5AfNzYsY3QiY3cmJ3dr6N9tQ+xMaVT',
  'Oy0zwo4a9VaDLu3sIMqzxkrv6l1tZaKvr4ryvbapZoH//LUnTjEXrTlL/hw+YG5yXs3skLvpi8Zn1Kd+EHdpzMh5rT5lCXpVu5E2o7CxxDhitK',
  'ORxChiLDGOGG1zpsgJ4hu3c0gnThDfuNgh1k7Ghwapcx2dags6sL8vQmQOQo7O74qIXQoppJBCCmFyNsFbqJM1wft9xGq9HAlerhskeOOyl1Y5',
  'C8cUX1nh8LnYPNUk5JgscX+Ln9CubuozPjUHnWO5rT/n6ILY1hiSY5IsM/bA1ss4qnoIqcUNIN21PPQ5ZyHt5y8rpOG3zs4yGdNTAXxxrNR4Cu',
  '1m3O7EbSNum3Dbgtt8bd0xeSCtdgNIUy89E+UspPcCZIW0pC6cmpCWOZarqe7DT+AgAkcANy9rtlSaSyuK8ovN84QyKayI//Xbjt79PYS0zg0g',
  'fdDGHHIW0vrHZYU0cuEdgyk7Mws80IEKdCApxrfh4yLiaZVDi4nt5oyM6EoKA0xBI6nNw2tBJzbyr3s1p+fFv+7rSUndNsu757+6wmtpOC0fQS',
  'vEUav36IKjpkncstJmN2N7225VFliQJeRM60BBjoe0tRHn1oWm5owzgfpS2uRA2MxHYL/pKwPhBt+NO304Eqbz3beDJ/aHFXy3+Z6+AgL47vUj',
  'N96Dl/mu9eurpyCD775V8n4z7Oe7P3+y5QoM5LtP32DuQhPfHc1eblKSRhd5E3P4274ZwrjaAkqAzhbiAr6kdo9DgyQtOBBIKRlHi21oIbo8yK',
  'EQH7avy4TA8CSHQvz5jXpytYLQv7B16eHy1eAGy9eaknOLnV2+xjwh6/J1etsLVXLAcd4N4PAo/bI9NKORL5AzGAdfMP/AN7ewb3LJ+86XU6+P',
  'E47GkwTwDVfyxfNJIddk9YWXlzdQaBDgPpyGNow7o6IpRsNQGaKps8gbeZGL+CL7Xv6b8vqCiwtGhUJDpWJolmzvoNb1n5EjOcUXu/IFeXt10x',
  'eBxBc0w0QwjI7dRhbsda7tixenj9NnGEejDTqx+DYO3V44f47B7UjW3jOPGiUOv53Y3agh1EXUBOGoQUGj5lK6gtg48hitdemo+WNH606uBoB/',
  'LlU1a06xeUo49oUPJ2Mqy83m7dF4sfhxdjGfL7OTO9kgLnKQk0R6J9vxTq2F7Xgn1z+/MELJTRVSSCGFFFLIVcg0aVKGrXxMtaEciFuzk2OMm/',
  'gzFXgHSSWr4Di/mltaAq+68v1w9XJuU9xhvTwZl/7IbUl+D4fJu5uzMaIrhVwnlquXxxPZ7jO/7ecr4Vqu6KgHLpdsHETmILNUlxX8JFTCiX0P',
  'r4TH2s6o8UY/FOzbMX1HJfGZnRZOcsfRnAvQ9jdhAgUbuUtjBMHywl8CYYtIgzrz7BMwQyRY8f07keBLtQsOvvJZDNwUaRRMPDwCFogEF+IC8i',
  'BQJPCek18CU0Vj7O770TKYL7Jj48jgz2GoSMPQf8ldeEo0xrRDC++bhpzcqjyx3X4SMtNTbZUgnlbdCdXRQKO4Q0FrMYAOPSdC/SjF7gujdp14',
  'iQ4l0UmQ6KgkOoMlOrREZ4hEh5HoJEp01BKdoRIdjUQnSaLjIdFJluhoJTrDJDqeNh2G+FDqaFaqJPW0lxLCCvX0+Sf//8TRTb9mo600AuqyvP',
  'JKQzl+nimGEsvjKZrIVWJ5QjVD5LRYPjhcQ+SMWD6ELMIUoxbLE1fqiVwjlg/N9yNyD7E8KTGAyLViebI2iMg9xfJhx8Ieefz/Bt1WC/g=',
);

/** As Keras 2 saves a model: `model_weights`, `optimizer_weights`, and the configuration. */
export const kerasLegacy = unpack(
  'eNrtHEtw01bwyZ/gYUInTDslNENjfPK0KTEU2hQKNpCElFISCm0zZcBRbGG7OLLHMiGFydTH9JZjjpmeOOaYE+SYI8ccc+TIkRvV562kt7YkJ6',
  'iBNLsznud9b9++p9Xuvn37JP09MTp+5PBnh5kBiQSLsT7mhrcc+v4QcWif4aXEyyVePotAfdxs6+f1fZx/Mip2vPPz2JiBvEVgT6RfKAgOGEyM',
  'XZ4yymmOZ3i5GRHp5mpFpZp/rFRK5aam47V6szJXeaI0XHVufU0HjHuU6yvW6142wfkcYZ+wBB+3UFMfVEpG/XFJMnv22WMlhHH/kewqs87h95',
  'HJ76HSkLX8vNLQKjW1C349ThWLmPxyvD1h8puVCw8VtRjI57CLT9Ssj3a03+0eC19n3dnv9gBzjUZA9svXix6RTmsqc0ap1hpmWVSUulk2amZZ',
  'VuTibux3Imbh5R6w3xWu9726ffSzqvyn7iNUeU6xPMRxiXW2E8nC4pw/lDGXcicQfgjhPQiPITzuY3fpExa+YPsxSaCD6wXBrH3uL59rVydvSI',
  'xfKPZPOjxNFaqyppmSSZ1PpsYfqYWm7pLkamoombL8nV7/NGUKUNP/3sVdflDrj5o3jGbUBQgqBkFqcXEoibteranzZ0Y9uhmq0rHXFblZKN/U',
  'FUiuVp7Ixmw9OBhKZjRpBblqVDyQq5rSieOoUm+WH1c0xXdChq52nNCorrw1/RI9uumtnbspqqZ4dDLsQO90b3HR8fn2OqDDmVOnz53KWD7c9u',
  's6NHWetcaDau2xS29dJdhZHNWD3fVgem6fh1A92G8C1YN9AywdId9IQEBAQEBAQEBAQECwF3D75uSopO8eYZ+WjIl5AJw3gTzDy99Eujcc7//9',
  'YMoxKP+Z/IIx936Y4GABzn/CKdvSgEgH+RHb/kKx77htt1sjot2y77h+XuAlr16+KtKtc3xrzCoh75r+SaSb4nh9UrzO9KBIt/EVpx8U7WLlEP',
  'I/x7n/GXi/98/OI6P59PI7apwDJXQpW6dMTiL5Y/1CjBQX5I0hTxdx3e/hh0pDVarnMyYyW5G185Aet89PQSASnBPFrArI76HjVJt/cHu/WXc0',
  'OchzdEl2LMGO/cXb4/pVGe2RSESy7pOlSVEJVAVr6PSe2hHo60uU5waRAg5Shesf2eG4nudgwxa+GmDn9UGRH+RHw7Jzr3OA5dMWvvZ1IIssYy',
  '3j94KxnPHjOHth/Uz8ufPfKA28dcnqbvRrQVuWl8yhhf854MfrWrzO5PXcwU3gPBmfF/Cx5GbpsNk3K86fuca0r8E1dguuhTlzcV8Ly7pw4Ps8',
  'bovKHoM512nSw5iXHBmYvC+JMjNl6RrLnmfW4UFAQEBAQPD+9q3lL2nfSvkhyb7/G2h/1u1zJiRHK88G8fnakD89yHv1BMlO3Ofg/bAlUa/99e',
  '73txPJzp5vaV/57/RZ8t8HGSAPgPNtvawVmLf61GVXOI9k5C+GZ5Wm7KRYoHauNl9RS/k5RVatRnftvNyoyGpBgW57Z89T/wt7rp8T814EBwtw',
  'fhHymC9Rfg9MExujhxna8VyyyzhwE+Xzd5BnpDhQ92Igx1bGnx7yx+vf+NPBfdv8luLAcNeN6X2xbuydPGb2iTw6n9esXBBnG7Tevs5S/Ezrbf',
  't5Xu6CSAfvQYR1nme/x4PO53tZOTBuP+Zj98Y8h4vwOksejknNavHk2cuv+J8/R1A8Edy+Wz9UTnaW9PR/7Fc6n7NOX7TwhWx3fmXkMvkV8iuO',
  'tsLzNCtZ7FewqfL4Hj3PkNlR/OnE8ZmLoj1iPSbwk2PEjrtbV/zp7ecrvyfZvZ+4dW1fx61T49wuu4xbV67T+kLrS3vc+mYMrS/8fd+w41b8vG',
  'g3z0kOuOxeQnGiMc9hTVGK+ZKiKg25WWvktabchAzWzv1In0lqzDbmyqB4+491D/+x/IH6VY/vAvAbnLzenR/Z/pH8CPmR9udtc9dFOi/T3O3z',
  'tjhO3bom+gOsxwTdyXFznGQSZlz2anJncVnmDvlT8qftcdnypEiHv3MUVlyG38951/dXjHna76+YSND7K1amQ4pIgh1E0T45+s77vQ2+VM0gSS',
  'x8kHHZyi0LX7/dnR9Z+IX8CPmR9rhs67ZIF/Z7UDieqN8S4zKsxwR+cnSeB9341Z8e5D0zRbIT/an/vj8a2nqSPAkrpggfWv6w8/qC388PWl9m',
  '7tP6QutLe5w6gr7vcLkoh/weK7Zn8fu0dt4uAbqZC7DboZOdNXl1n/i3zva8edfCX93rzp6f5cX7SHCw7Rn0KXFfpKs0lYb53CgT47pcSPmn1b',
  'siX6zHBP7xIshxOeA7O7adz4ryTnN8okjx4t7mI86e3E/5CKwnQetLq0TxIq0v7fFiGfmZsPOaXvr7io+bKHWnv5tl0l/S3/b4KF0S6XA+Lez4',
  'aKMo8sV6TNCdHF/PkEx2A/8CYEFy6Q==',
);

/** The same model as Keras 3 keeps its weights. */
export const kerasWeights = unpack(
  'eNrtXM1vG0UUn/UHuFGKNiiSl3DACBQSxEcSUTAoym5FEhJQqFuqyAFBYhqLWGpty3FL6AUfw81/Ascec8yp4Zijjzn26GMPHHJAKuzOm/XOW+',
  '9H3bVd4/ek1ezMPM+Mx7+Z99v3Zv3Hxur61YmZCWZKKsUSTGVOeQZi/CTnRf0epAqkx5A+iolyxarToHwK2sd6t2+trZnaz5CIfp4keZpiJOMo',
  'G2vXc2aah/wcpOcxWe9BoXZopncLvxXNu0q1XrpXelisIZwuhOzXC78bcZ4/SDrxyzzxS0L4deJX7GPHSYw3LrmI+v3u2xurCovbu/rcq6gfyF',
  'ev8FTgXL0t62Uhn9+Wx5+Jy3p4XfxfxGsfwPMXZMceTZIdo32AsRPEn+aW/HF2AfWXn/jrZb7geWM5HH7VCbCHk+Hwe6ISfgm/HTsm7EpusjsP',
  's+1CJHbsFZYR6+VdZMcgX52V7djllKyXeR3Wx7RsZ0+vID20jrJQfvCxrNeE/Mki2EcxvlU0PshX1+X100b94vU4KDumvQbfUyU+S9I7n82rg+',
  'Czit3f06tyPxjHJM+3D+D9MYgPHKWJD9A+4OYDe9P95QNe+H0i+k2Hw2/rbXncJOONX4GnTFrWE/7CRWTXjIjs2Om03C7GMYnXPpDkc6aIPN9Z',
  'lAQvAHeUnYr5jaFy73rNKpvKvMUSHBksnWLp36E++d8vaNbHYjGF20GOoLjSeqP7Tpfv84wYZ5DqjDXMe51fhric9Y87eVPXvDewvpkXOiv8vg',
  'FtW21AGRPt6bxefMYQdSud9hqOy6xviPYfQxm0ZX7GuvSOjvV9mOPzuvx97fHg734m+lfg93W4KM86c2W3B/NhjoPpsg4T416Beob6Zo7xn9Eq',
  'JSEhISHpt3BeGbN55V+av7547tHeobnz55V8IhVFkfjhi/NEbaa7B+V4JPxF2O8eGP+cJ38RPW+7/UXN2eH4i9T34Pl+Phx+2Qeyn4BkvPGbgT',
  'Q37+8vWkL+hewL+ovas3J7GMckw7brmZGw6+J8mB1Pez8cX9z40F9P7I/5jwhX0eJqbkT44qDmY2Gk+TM+PxLEP6rXiD8T/3Dz59Zif/mzkFK5',
  'er++a52ut/J3KuUHS/uM/Vyo3znYLVdq9wp3Sw8L9VKlbNXvF6v1g19Lh8VdocmgvHxYNNNapVq5X4/8nEjQOjr/TJ4/kvFeR2Jf1q758/io47',
  '5NdP4Pn/MlCcsv/OO+MfT7Bdf3ykeyM9133P7GfbHf9/TTcDxe/ZywNBze2hgJ3hp4/k8nPkp2tMv5v+X+8lHP83+iXz0cflvXiQcSfruc/9MH',
  'ywNPl+V2MY5Jwtpr/ma4ws2tPb+C56Vc/K9X+30M9nsPjehoqPPhiv8b4Xig9iVh6Xl4YDwyHLUBR5MvNQ/0jP+j99oC4/+bxBfJ3rrjp8317n',
  'zxsFjc3/2lWC7WCvVKrff4qWf8/yuw75tO/NJ7jyTh8Cv2sdwmxhuUR2zXhb1++rXcj/YNrIsteVztdVkP43387LrH+89o/gLjcDmyY7QPuP0e',
  '+a3h+D0uoN/LG+Hwe36L8Ev4deNXy3X3e0T7Px4dv8fJltw+xjFJb8+n7jiFaqmav3PCwby9n0v/9ohPNF/K+XD5024SRqK0L/j/34LsS3OH7A',
  'vZF7d9OdoeDj+6hH61nXD4bf8gj5tkvPEr8JTd6c6P+hUXam3L7WIck4TlRylpHm0+lBI2ygjgQ/948KE/R2I+cFzo4nt/fbHvLfxIWPLH1aDi',
  'jYk3ucYeGtFw443/Av8ih1Y=',
);

export const kerasConfig = JSON.stringify({
  class_name: 'Functional',
  config: {
    layers: [
      { class_name: 'InputLayer', config: { name: 'input' } },
      { class_name: 'Conv2D', config: { name: 'stem' } },
      { class_name: 'BatchNormalization', config: { name: 'norm', scale: false } },
      { class_name: 'DepthwiseConv2D', config: { name: 'deep' } },
      { class_name: 'Dropout', config: { name: 'drop' } },
      { class_name: 'Dense', config: { name: 'head' } },
    ],
  },
});

/** A .keras file around them. */
export function kerasArchive(weights: Uint8Array, deflate = false): Uint8Array {
  return zipBytes([
    { name: 'metadata.json', data: text('{"keras_version": "3.15.1", "date_saved": "2026-01-01"}') },
    { name: 'config.json', data: text(kerasConfig) },
    { name: 'model.weights.h5', data: weights, deflate },
  ]);
}
