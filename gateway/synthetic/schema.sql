-- The demo warehouse. One schema per source system, names in the sources' own words.
-- The English meaning of every table and column is in docs/warehouse.md.

CREATE SCHEMA atmt;          -- Asiantuntijan työmarkkinatori, the case system
CREATE SCHEMA ya;            -- Yleinen avustusjärjestelmä, subsidies
CREATE SCHEMA tulorekisteri; -- Income Register, through TIKKU
CREATE SCHEMA kotoaj;        -- Koto-AJ, the integration case system
CREATE SCHEMA tmt;           -- Työmarkkinatori, vacancies
CREATE SCHEMA mylly;         -- what the platform says of the snapshot itself

CREATE TABLE mylly.poiminta (
    poimintapaiva DATE NOT NULL,   -- the last day that is whole in the warehouse
    siemen        BIGINT NOT NULL, -- seed of the generator
    skaala        DOUBLE NOT NULL  -- 1.0 = all of Finland
);

CREATE TABLE atmt.henkilo (
    henkilo_id    BIGINT NOT NULL, -- internal person id; duplicated in a few dirty rows
    henkilotunnus VARCHAR,
    sukunimi      VARCHAR,
    etunimet      VARCHAR,
    katuosoite    VARCHAR,
    postinumero   VARCHAR,
    puhelin       VARCHAR,
    sahkoposti    VARCHAR,
    syntymaaika   DATE,
    sukupuoli     VARCHAR,         -- '1' mies, '2' nainen, NULL ei tiedossa
    kansalaisuus  VARCHAR,         -- ISO 3166-1 alpha-2, NULL ei tiedossa
    aidinkieli    VARCHAR,         -- ISO 639-1
    kotikunta     VARCHAR,         -- three digits; NULL missing; a few codes from 2024; some Åland
    koulutusaste  VARCHAR,         -- one digit, Kansallinen koulutusluokitus 2016: 0 1 2 3 4 5 6 7 8, NULL
    ammattikoodi  VARCHAR,         -- Ammattiluokitus 2010 (ISCO-08), four or five digits
    lisatiedot    VARCHAR          -- free text, with names in it
);

CREATE TABLE atmt.tyonhakujakso (
    jakso_id      BIGINT NOT NULL,
    henkilo_id    BIGINT NOT NULL,
    alkupvm       DATE NOT NULL,
    loppupvm      DATE,            -- NULL while it goes on; inclusive last day; a few before alkupvm
    paattymissyy  VARCHAR          -- '1' työllistyi avoimille, '2' palveluun, '3' koulutukseen, '4' työvoiman ulkopuolelle, '5' muu
);

CREATE TABLE atmt.tyollisyyskoodi (  -- employment code by day, as closed day intervals
    henkilo_id    BIGINT NOT NULL,
    koodi         VARCHAR NOT NULL,  -- '00'..'08', see DOMAIN
    alkupvm       DATE NOT NULL,
    loppupvm      DATE               -- NULL while it goes on; inclusive last day
);

CREATE TABLE atmt.tyollistymissuunnitelma (
    suunnitelma_id  BIGINT NOT NULL,
    henkilo_id      BIGINT NOT NULL,
    suunnitelmatyyppi VARCHAR NOT NULL, -- 'TYO', 'AKT', 'KOTO', 'MONI'
    laadittu        DATE NOT NULL,
    voimassa_asti   DATE,
    tehtavat        VARCHAR            -- free text
);

CREATE TABLE atmt.palvelu (
    palvelu  VARCHAR NOT NULL,  -- 'TVK', 'VALM', 'TYOK', 'KOKE', 'OMAE', 'KUNT', 'URAV', 'KOTO', 'PALKKA', 'START'
    nimi_fi  VARCHAR NOT NULL,
    nimi_sv  VARCHAR NOT NULL,
    nimi_en  VARCHAR NOT NULL
);

CREATE TABLE atmt.hankinta (
    hankinta_id      VARCHAR NOT NULL,  -- 'H00001'
    palvelu          VARCHAR NOT NULL,
    tuottaja_ytunnus VARCHAR NOT NULL,
    alue             VARCHAR NOT NULL   -- employment area, two digits
);

CREATE TABLE atmt.kurssi (
    kurssi_id   VARCHAR NOT NULL,       -- 'K00001'
    palvelu     VARCHAR NOT NULL,
    hankinta_id VARCHAR NOT NULL,
    nimi_fi     VARCHAR NOT NULL,
    nimi_sv     VARCHAR NOT NULL,
    nimi_en     VARCHAR NOT NULL,
    alue        VARCHAR NOT NULL        -- employment area, two digits
);

CREATE TABLE atmt.palvelujakso (
    palvelujakso_id BIGINT NOT NULL,
    henkilo_id      BIGINT NOT NULL,
    palvelu         VARCHAR NOT NULL,
    kurssi_id       VARCHAR,            -- NULL for services without courses
    hankinta_id     VARCHAR,
    alkupvm         DATE NOT NULL,
    loppupvm        DATE,               -- inclusive; NULL while it goes on
    paattymissyy    VARCHAR             -- 'SUORITTI', 'KESKEYTTI', 'TYOLLISTYI', NULL
);

CREATE TABLE atmt.yhteydenotto (
    yhteydenotto_id BIGINT NOT NULL,
    henkilo_id      BIGINT NOT NULL,
    ajankohta       TIMESTAMP NOT NULL,
    kanava          VARCHAR NOT NULL,   -- 'PUH', 'KASV', 'VERK', 'VIES'
    syy             VARCHAR NOT NULL,   -- 'ALKU', 'HAAST', 'TAYD', 'PALV', 'MUU'
    muistiinpano    VARCHAR             -- free text, with names in it
);

CREATE TABLE atmt.asiakasvastuu (
    henkilo_id     BIGINT NOT NULL,
    tiimitagi      VARCHAR NOT NULL,    -- 'T39-02': area and number
    asiantuntijatagi VARCHAR NOT NULL,  -- 'AS-' and six characters; never in a release
    alkupvm        DATE NOT NULL,
    loppupvm       DATE
);

CREATE TABLE ya.tukipaatos (
    paatos_id    BIGINT NOT NULL,
    henkilo_id   BIGINT NOT NULL,
    tukilaji     VARCHAR NOT NULL,      -- 'PALKKATUKI', 'STARTTIRAHA', '55TUKI'
    alkupvm      DATE NOT NULL,
    loppupvm     DATE NOT NULL,
    sidottu_eur  DECIMAL(12, 2) NOT NULL,
    maksettu_eur DECIMAL(12, 2) NOT NULL
);

CREATE TABLE tulorekisteri.kuukausitulo (
    henkilo_id BIGINT NOT NULL,
    kuukausi   DATE NOT NULL,           -- first day of the month
    palkka_eur DECIMAL(10, 2) NOT NULL,
    etuus_eur  DECIMAL(10, 2) NOT NULL
);

CREATE TABLE kotoaj.kotoasiakas (
    henkilo_id         BIGINT NOT NULL,
    kunta              VARCHAR,
    asiakkuus_alkupvm  DATE NOT NULL,
    osaamisarvio_pvm   DATE,
    kotosuunnitelma_pvm DATE
);

CREATE TABLE tmt.tyopaikka (
    paikka_id       BIGINT NOT NULL,
    kunta           VARCHAR,
    ammattikoodi    VARCHAR NOT NULL,   -- ISCO-08, four digits
    tyokieli        VARCHAR NOT NULL,   -- 'fi', 'sv', 'en'
    paikkojen_maara INTEGER NOT NULL,   -- vacancies in the notice
    avattu          DATE NOT NULL,
    suljettu        DATE                -- inclusive last day; NULL while open
);
